import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Call, type Gate, type Point, openGate } from "#local/faults/gate";
import { createBuyer } from "../buying.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { type StockedVariant, createSeller } from "../selling.ts";
import { type ShopClient, createShopClient } from "../shop-client.ts";

const patience = { timeout: 60_000, interval: 200 };
const units = 400;
const buyersAtOnce = 12;

let database: Gate;
let stack: OwnStack;
let shop: ShopClient;
let token: string;
let buyer: ReturnType<typeof createBuyer>;
let variant: StockedVariant;

beforeAll(async () => {
  database = await openGate((line) => console.error(`gate: ${line}`));
  stack = await startOwnStack({
    workerSettings: { NEON_FETCH_ENDPOINT: `${database.url}/sql` },
    leadTo: ({ neon }) => database.leadTo(neon),
  });
  const { api, services } = stack.addresses;
  shop = createShopClient(api);
  buyer = createBuyer({ api, stripe: services.stripe });
  token = await shop.adminToken();
  variant = await createSeller(api).stockVariant(units);
});

afterAll(async () => {
  await stack.end();
  await database.close();
});

const Ledger = z.object({
  seq: z.coerce.number(),
  kind: z.string(),
  quantity: z.coerce.number(),
  on_hand: z.coerce.number(),
  held: z.coerce.number(),
  sold: z.coerce.number(),
});

async function onPrimary(text: string, values: readonly unknown[] = []): Promise<unknown[]> {
  const client = new Client({ connectionString: stack.addresses.services.postgres });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Buyers who order one unit after the other until they are told to stop; what fails is tried no more. */
function rush(): { placed: () => number; stop: () => Promise<number> } {
  const over = new AbortController();
  let placed = 0;
  const shopping = Array.from({ length: buyersAtOnce }, async () => {
    while (!over.signal.aborted) {
      const order = await buyer.order({ [variant.variantId]: 1 }).catch(() => undefined);
      if (order !== undefined) placed++;
      else await sleep(50);
    }
  });
  return {
    placed: () => placed,
    stop: async () => {
      over.abort();
      await Promise.all(shopping);
      return placed;
    },
  };
}

/** Waits for the ledger to say everything that the object decided, and returns what staff see of the comparison. */
async function reconciled(): Promise<unknown> {
  return vi.waitFor(async () => {
    const answer = await shop.request(`/admin/inventory/${variant.sku}/reconcile`, {
      method: "POST",
      token,
      json: { settled_for_seconds: 0 },
    });
    const { drift } = answer.as(z.object({ drift: z.array(z.object({ kind: z.string() })) }));
    // A crash leaves holds whose order never came: they expire by themselves.
    const found = drift.map(({ kind }) => kind).filter((kind) => kind !== "stranded_hold");
    expect(found).toEqual([]);
    return answer.body;
  }, patience);
}

async function checkLedger(): Promise<void> {
  const rows = await onPrimary("select * from stock_ledger where sku = $1 order by seq", [variant.sku]);
  const entries = rows.map((row) => Ledger.parse(row));
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  const holds = entries.filter(({ kind }) => kind === "hold").length;
  expect(entries.at(-1)).toMatchObject({ on_hand: units, held: holds, sold: 0 });
}

test("orders through three kills of the Worker leave a ledger that is gapless and says what the object says", async () => {
  let placed = 0;
  for (let kill = 0; kill < 3; kill++) {
    const buyers = rush();
    await vi.waitFor(() => expect(buyers.placed()).toBeGreaterThan(5), patience);
    await stack.kill("worker", "SIGKILL");
    await stack.restart("worker");
    placed += await buyers.stop();
  }
  await reconciled();
  await checkLedger();
  const [orders] = await onPrimary("select count(*)::int as count from orders");
  const { count } = z.object({ count: z.int() }).parse(orders);
  expect(placed).toBeGreaterThan(0);
  // An order whose answer was lost was placed all the same.
  expect(count).toBeGreaterThanOrEqual(placed);
  // What everybody sees comes from a replica.
  await vi.waitFor(async () => {
    const { available } = (await shop.request(`/inventory/${variant.sku}`)).as(
      z.object({ available: z.int() }),
    );
    expect(available).toBeLessThanOrEqual(units - count);
  }, patience);
});

/** Changes the journal by one entry that is news, with its copy's answer stopped on the way. */
async function changeWithAnswerLost(lowAt: number): Promise<{ point: Point; copy: Call }> {
  const fits = ({ body }: Call): boolean => body.includes("insert into stock_ledger");
  const point = database.stopAt({ moment: "before_reply", fits });
  const path = `/admin/inventory/${variant.sku}/threshold`;
  expect((await shop.request(path, { method: "PUT", token, json: { low_at: lowAt } })).status).toBe(200);
  return { point, copy: await point.reached };
}

const newsOfLowStock = () =>
  onPrimary("select 1 from outbox where subject = $1 and type = 'stock.low'", [variant.sku]);

test("a copy whose answer is lost is not made again, and told once, whether the Worker dies of it or not", async () => {
  const lost = await changeWithAnswerLost(units);
  lost.point.lift();
  await reconciled();
  expect(await newsOfLowStock()).toHaveLength(1);

  const before = await changeWithAnswerLost(0);
  await stack.kill("worker", "SIGKILL");
  before.point.lift();
  await stack.restart("worker");
  const again = await changeWithAnswerLost(units);
  await stack.kill("worker", "SIGKILL");
  again.point.lift();
  await stack.restart("worker");
  await buyer.order({ [variant.variantId]: 1 });
  await reconciled();
  await checkLedger();
  expect(await newsOfLowStock()).toHaveLength(2);
});

test("a copy that arrives a second time, and late, is refused as a whole", async () => {
  const { point, copy } = await changeWithAnswerLost(0);
  point.lift();
  await buyer.order({ [variant.variantId]: 1 });
  await reconciled();
  const outbox = await onPrimary("select count(*) from outbox");
  const login = new URL(stack.addresses.services.postgres);
  login.host = "primary.tradewind.localhost";
  const response = await fetch(`${stack.addresses.services.neon}${copy.path}`, {
    method: "POST",
    headers: {
      "neon-connection-string": login.href,
      "neon-raw-text-output": "true",
      "neon-array-mode": "true",
    },
    body: copy.body,
  });
  expect(await response.json()).toMatchObject({ code: "TW001" });
  expect(await onPrimary("select count(*) from outbox")).toEqual(outbox);
  await reconciled();
  await checkLedger();
});
