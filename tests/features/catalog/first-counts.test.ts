import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createBuyer } from "../../buying.ts";
import { adminToken, request, stack } from "../../stack.ts";
import { Product, importReport, uniqueWord } from "./catalog-client.ts";

const patience = { timeout: 25_000, interval: 100 };
const buyer = createBuyer({ api: stack().api, stripe: stack().services.stripe });

const Movements = z.object({
  data: z.array(z.object({ seq: z.int(), kind: z.string(), quantity: z.int(), on_hand: z.int() })),
});

function file(word: string, quantity: number | string, extra = ""): string {
  return [
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty",
    `p-${word},Counted ${word},Size,S,S-${word},5.00,${quantity}`,
    extra,
  ].join("\n");
}

async function imported(word: string, quantity: number) {
  await importReport(file(word, quantity));
  // Whoever does not say what was written reads from a replica, which may be behind.
  const product = await vi.waitFor(async () => (await request(`/products/p-${word}`)).as(Product), patience);
  const [variant] = product.variants;
  if (variant === undefined) throw new Error("the product has a variant");
  return { sku: variant.sku, variantId: variant.id, available: variant.available };
}

async function movements(sku: string): Promise<string[]> {
  const answer = await request(`/admin/inventory/${sku}/movements`, { token: await adminToken() });
  return answer
    .as(Movements)
    .data.map(({ seq, kind, quantity, on_hand: onHand }) => `${seq} ${kind} ${quantity} of ${onHand}`);
}

async function adjust(
  sku: string,
  json: Record<string, unknown>,
  headers = { "idempotency-key": randomUUID() },
) {
  return request(`/admin/inventory/${sku}/adjustments`, {
    method: "POST",
    token: await adminToken(),
    headers,
    json: { reason: "test", ...json },
  });
}

test("what was imported is on sale at once, and the first order finds it in a gapless journal", async () => {
  const { sku, variantId, available } = await imported(uniqueWord(), 3);
  expect(available).toBe(3);
  expect((await request(`/inventory/${sku}`)).body).toMatchObject({ available: 3, status: "low" });
  await buyer.order({ [variantId]: 2 });
  await expect.poll(() => movements(sku), patience).toEqual(["2 hold 2 of 3", "1 receive 3 of 3"]);
});

test("buyers who come together before anybody else get exactly the units there are", async () => {
  const { sku, variantId } = await imported(uniqueWord(), 4);
  const carts = await Promise.all(Array.from({ length: 6 }, () => buyer.fillCart({ [variantId]: 1 })));
  const answers = await Promise.all(carts.map((cart) => buyer.placeOrder(cart)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
  await expect
    .poll(async () => (await request(`/inventory/${sku}`)).body, patience)
    .toMatchObject({ available: 0, version: 5 });
});

test("a recount of what nobody has touched yet names version 0, once", async () => {
  const { sku } = await imported(uniqueWord(), 10);
  expect((await request(`/inventory/${sku}`)).body).toMatchObject({ available: 10, version: 0 });
  const recount = { kind: "recount", quantity: 8, expected_version: 0 };
  const key = { "idempotency-key": randomUUID() };
  const first = await adjust(sku, recount, key);
  expect([first.status, first.body]).toMatchObject([201, { on_hand: 8, version: 2 }]);
  await expect
    .poll(async () => (await request(`/inventory/${sku}`)).body, patience)
    .toMatchObject({ available: 8, version: 2 });
  expect((await adjust(sku, recount)).status).toBe(412);
  expect((await adjust(sku, recount, key)).body).toEqual(first.body);
});

test("a delivery that comes first adds to the first count", async () => {
  const { sku } = await imported(uniqueWord(), 10);
  const [one, other] = await Promise.all([
    adjust(sku, { kind: "receive", quantity: 5 }),
    adjust(sku, { kind: "shrink", quantity: 2 }),
  ]);
  expect([one.status, other.status]).toEqual([201, 201]);
  await expect
    .poll(async () => (await request(`/inventory/${sku}`)).body, patience)
    .toMatchObject({ available: 13, version: 3 });
});

test("a recount may name the first count's own version as well", async () => {
  const { sku } = await imported(uniqueWord(), 10);
  expect((await adjust(sku, { kind: "recount", quantity: 7, expected_version: 1 })).body).toMatchObject({
    quantity: -3,
    available: 7,
  });
});

test("a threshold takes nothing away from the first count", async () => {
  const { sku } = await imported(uniqueWord(), 10);
  const set = await request(`/admin/inventory/${sku}/threshold`, {
    method: "PUT",
    token: await adminToken(),
    json: { low_at: 12 },
  });
  expect(set.body).toMatchObject({ available: 10, level: "low" });
});

test("a variant that goes and comes back brings no units twice", async () => {
  const word = uniqueWord();
  const { sku, variantId } = await imported(word, 6);
  await buyer.order({ [variantId]: 1 });
  const other = `p-${word},,,M,M-${word},5.00,2`;
  const withoutFirst = file(word, 6, other).split("\n").toSpliced(1, 1);
  withoutFirst[1] = `p-${word},Counted ${word},Size,M,M-${word},5.00,2`;
  expect(await importReport(withoutFirst.join("\n"))).toMatchObject({ updated: 1, stock_counts: 1 });
  expect(await importReport(file(word, 6, other))).toMatchObject({ updated: 1, stock_counts: 0 });
  await expect
    .poll(async () => (await request(`/inventory/${sku}`)).body, patience)
    .toMatchObject({ available: 5 });
  expect((await adjust(sku, { kind: "receive", quantity: 1 })).body).toMatchObject({ available: 6 });
});

test("a count of more than an object takes at once is refused with the row", async () => {
  const report = await importReport(file(uniqueWord(), 1_000_001));
  expect(report.refusals.map(({ reason }) => reason)).toContain("bad_quantity");
});
