import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Gate, openGate } from "#local/faults/gate";
import { Order, createBuyer } from "../buying.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createSeller } from "../selling.ts";

const patience = { timeout: 60_000, interval: 200 };

let stack: OwnStack;
let gates: { database: Gate; stripe: Gate };
let postgres: Client;

beforeAll(async () => {
  const log = (line: string): void => console.error(`gate: ${line}`);
  gates = { database: await openGate(log), stripe: await openGate(log) };
  stack = await startOwnStack({
    workerSettings: {
      NEON_FETCH_ENDPOINT: `${gates.database.url}/sql`,
      STRIPE_API_URL: gates.stripe.url,
    },
    leadTo: (services) => {
      gates.database.leadTo(services.neon);
      gates.stripe.leadTo(services.stripe);
    },
  });
  postgres = new Client({ connectionString: stack.addresses.services.postgres });
  await postgres.connect();
});

afterAll(async () => {
  await postgres.end();
  await stack.end();
  await Promise.all([gates.database.close(), gates.stripe.close()]);
});

/** Hears of each call and stops none. */
function listenAt(gate: Gate): { method: string; path: string; body: string }[] {
  const calls: { method: string; path: string; body: string }[] = [];
  gate.stopAt({
    moment: "before_service",
    fits: (call) => {
      calls.push(call);
      return false;
    },
  });
  return calls;
}

const Left = z.tuple([z.object({ status: z.string(), events: z.int(), outbox: z.int() })]);

/** Everything that a purchase sets off is done: looked up beside the API, so that the looking is not counted. */
async function untilDone(orderId: string, intent: string): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await postgres.query(
      `select status,
        (select count(processed_at)::int from payment_events where provider_reference = $2) as events,
        (select count(*)::int from outbox where subject = $1 and delivered_at is null) as outbox
        from orders where id = $1`,
      [orderId, intent],
    );
    expect(Left.parse(rows)).toEqual([{ status: "paid", events: 2, outbox: 0 }]);
  }, patience);
}

/** Round trips that name the order, its payment or its attempt: from the order's placement until nothing waits. */
const roundTripsMax = 16;

test("a paid purchase asks Stripe three times and makes few round trips to Postgres", async () => {
  const { api, services } = stack.addresses;
  const buyer = createBuyer({ api, stripe: services.stripe });
  const { variantId } = await createSeller(api).stockVariant(1);
  const cart = await buyer.fillCart({ [variantId]: 1 });
  const calls = { database: listenAt(gates.database), stripe: listenAt(gates.stripe) };
  const order = (await buyer.placeOrder(cart)).as(Order);
  const attempt = await buyer.authorise(order);
  const intent = attempt.client_secret.split("_secret")[0] ?? "";
  await untilDone(order.id, intent);

  expect(calls.stripe.map(({ method, path }) => `${method} ${path.split("?")[0]}`)).toEqual([
    "POST /v1/payment_intents",
    `GET /v1/payment_intents/${intent}`,
    `POST /v1/payment_intents/${intent}/capture`,
  ]);
  const names = [order.id, intent, attempt.attempt_id];
  const aboutIt = calls.database.filter(({ body }) => names.some((name) => body.includes(name)));
  expect(aboutIt.length, aboutIt.map(({ body }) => body.slice(0, 120)).join("\n")).toBeLessThanOrEqual(
    roundTripsMax,
  );
});
