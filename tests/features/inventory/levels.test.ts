import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";
import { recordedEvents } from "./recorded-events.ts";

const patience = { timeout: 25_000, interval: 100 };
const { stockVariant } = createSeller(stack().api);
const buyer = createBuyer({ api: stack().api, stripe: stack().services.stripe });

const Alerts = z.object({
  data: z.array(
    z.object({
      sku: z.string(),
      level: z.string(),
      available: z.int(),
      low_at: z.int(),
      since: z.iso.datetime(),
    }),
  ),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
  previous_cursor: z.string().nullable(),
});

async function alerts(query = ""): Promise<z.infer<typeof Alerts>> {
  const token = await adminToken();
  return (await request(`/admin/inventory/alerts?limit=100&${query}`, { token })).as(Alerts);
}

/** Everybody's alerts are one list: follows it to its end. */
async function alertOf(sku: string) {
  let after = "";
  for (;;) {
    const page = await alerts(after);
    const found = page.data.find((alert) => alert.sku === sku);
    if (found !== undefined || page.next_cursor === null) return found;
    after = `after=${encodeURIComponent(page.next_cursor)}`;
  }
}

async function adjust(sku: string, json: Record<string, unknown>): Promise<void> {
  const answer = await request(`/admin/inventory/${sku}/adjustments`, {
    method: "POST",
    token: await adminToken(),
    headers: { "idempotency-key": randomUUID() },
    json: { reason: "test", ...json },
  });
  expect(answer.status).toBe(201);
}

test("selling out tells low, then out, and a delivery tells that units are back", async () => {
  const { variantId, sku } = await stockVariant(7);
  const news = () => recordedEvents(sku, "stock.low", "stock.out", "stock.back");
  await buyer.order({ [variantId]: 2 });
  await vi.waitFor(
    async () => expect(await alertOf(sku)).toMatchObject({ level: "low", available: 5 }),
    patience,
  );
  await buyer.order({ [variantId]: 5 });
  await vi.waitFor(
    async () => expect(await alertOf(sku)).toMatchObject({ level: "out", available: 0 }),
    patience,
  );
  await adjust(sku, { kind: "receive", quantity: 20 });
  await vi.waitFor(async () => expect(await alertOf(sku)).toBeUndefined(), patience);
  expect((await news()).map(({ type }) => type)).toEqual([
    "stock.back",
    "stock.low",
    "stock.out",
    "stock.back",
  ]);
  expect((await news()).at(-1)?.data).toEqual({ sku, available: 20, low_at: 5, version: 4 });
});

test("a unit that is ordered and cancelled at the threshold is told of once", async () => {
  const { variantId, sku } = await stockVariant(6);
  for (let time = 0; time < 3; time++) {
    const order = await buyer.order({ [variantId]: 1 });
    expect((await buyer.cancel(order)).status).toBe(200);
  }
  await vi.waitFor(async () => {
    const ledger = await request(`/admin/inventory/${sku}/movements`, { token: await adminToken() });
    expect(ledger.as(z.object({ data: z.array(z.unknown()) })).data).toHaveLength(7);
  }, patience);
  const news = await recordedEvents(sku, "stock.low", "stock.out", "stock.back");
  expect(news.map(({ type }) => type)).toEqual(["stock.back", "stock.low"]);
});

test("a threshold of its own decides when a SKU is low, for staff and for buyers", async () => {
  const { sku } = await stockVariant(30);
  const token = await adminToken();
  const path = `/admin/inventory/${sku}/threshold`;
  const set = await request(path, { method: "PUT", token, json: { low_at: 30 } });
  expect([set.status, set.body]).toEqual([200, { sku, low_at: 30, level: "low", available: 30, version: 2 }]);
  await vi.waitFor(
    async () => expect(await alertOf(sku)).toMatchObject({ level: "low", low_at: 30 }),
    patience,
  );
  await vi.waitFor(async () => {
    expect((await request(`/inventory/${sku}`)).body).toMatchObject({ status: "low", available: 30 });
  }, patience);
  const repeated = await request(path, { method: "PUT", token, json: { low_at: 30 } });
  expect(repeated.body).toEqual(set.body);
});

test("alerts are listed page by page, of one level if asked, and none twice", async () => {
  const stocked = await Promise.all([1, 2, 3].map(() => stockVariant(2)));
  await vi.waitFor(async () => {
    for (const { sku } of stocked) expect(await alertOf(sku)).toMatchObject({ level: "low" });
  }, patience);
  const low = await alerts("level=low");
  expect(new Set(low.data.map(({ level }) => level))).toEqual(new Set(["low"]));
  const token = await adminToken();
  const seen: string[] = [];
  let path: string | undefined = "/admin/inventory/alerts?level=low&limit=2";
  for (let pages = 0; path !== undefined && pages < 1_000; pages++) {
    const { data, next_cursor: next }: z.infer<typeof Alerts> = (await request(path, { token })).as(Alerts);
    seen.push(...data.map(({ sku }) => sku));
    path =
      next === null
        ? undefined
        : `/admin/inventory/alerts?level=low&limit=2&after=${encodeURIComponent(next)}`;
  }
  expect(seen).toEqual(expect.arrayContaining(stocked.map(({ sku }) => sku)));
  expect(new Set(seen).size).toBe(seen.length);
});

test("thresholds and alerts are for staff, and a threshold for a SKU that there is", async () => {
  const { token } = await registerCustomer();
  expect((await request("/admin/inventory/alerts", { token })).status).toBe(403);
  const json = { low_at: 1 };
  expect((await request("/admin/inventory/x/threshold", { method: "PUT", token, json })).status).toBe(403);
  const admin = await adminToken();
  const unknown = await request("/admin/inventory/no-such-sku/threshold", {
    method: "PUT",
    token: admin,
    json,
  });
  expect(unknown.status).toBe(404);
  const negative = { low_at: -1 };
  const refused = await request("/admin/inventory/x/threshold", {
    method: "PUT",
    token: admin,
    json: negative,
  });
  expect(refused.status).toBe(400);
});
