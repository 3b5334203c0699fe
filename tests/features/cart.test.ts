import { randomUUID } from "node:crypto";
import { Redis } from "@upstash/redis/cloudflare";
import { expect, test } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Cart, createBuyer } from "../buying.ts";
import { createSeller } from "../selling.ts";
import { adminToken, costOf, registerCustomer, request, stack } from "../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Problem = z.object({ code: z.string() });

test("a guest's cart begins with its first line and goes on by its token", async () => {
  const tent = await seller.stockVariant(3, 2500);
  const cart = await buyer.fillCart({ [tent.variantId]: 2 });
  expect(cart.total).toEqual({ amount: 5000, currency: "USD" });
  const again = await request("/cart", { headers: { "cart-token": cart.token ?? "" } });
  expect(again.as(Cart)).toMatchObject({ id: cart.id, quote_hash: cart.quote_hash });
});

test("adding to a cart costs one object call and no database call once its product is cached", async () => {
  const tent = await seller.stockVariant(3);
  const { token } = await buyer.fillCart({ [tent.variantId]: 1 });
  const call = { method: "POST", json: { variant_id: tent.variantId, quantity: 1 } };
  const answer = await request("/cart", { ...call, headers: { "cart-token": token ?? "" } });
  expect(costOf(answer)).toEqual({ databaseCalls: 0, objectCalls: 1 });
});

const RedisStats = z.object({ commands: z.record(z.string(), z.int()) });

async function copiesAskedFor(): Promise<number> {
  const response = await fetch(`${services.redis}/_local/stats`);
  return RedisStats.parse(await response.json()).commands["MGET"] ?? 0;
}

test("adding what was added before asks Redis for no copy, long after the copies of other reads are old", async () => {
  const tent = await seller.stockVariant(30);
  const { token } = await buyer.fillCart({ [tent.variantId]: 1 });
  const call = { method: "POST", json: { variant_id: tent.variantId, quantity: 1 } };
  const asked: number[] = [];
  const askedByLaterAddition = async () => {
    const before = await copiesAskedFor();
    await request("/cart", { ...call, headers: { "cart-token": token ?? "" } });
    asked.push((await copiesAskedFor()) - before);
    return asked.slice(1).at(-1);
  };
  // Other reads remember products for two seconds only; other tests ask for copies, too.
  await expect.poll(askedByLaterAddition, { interval: 2_500, timeout: 60_000 }).toBe(0);
}, 90_000);

test("whoever adds a new variant first, wherever that is, finds in Redis which product it belongs to", async () => {
  const { productId, variantId } = await seller.stockVariant(3);
  const cache = new Redis({
    url: services.redis,
    token: LOCAL_CREDENTIALS.redisToken,
    enableTelemetry: false,
    automaticDeserialization: false,
  });
  const pointer = () => cache.get<string>(`catalog:1:variant:${variantId}`);
  // The version of what is kept stands before it.
  await expect.poll(pointer, { timeout: 25_000 }).toContain(`\n${productId}`);
});

test("a line is changed and removed, and the quote moves with it", async () => {
  const tent = await seller.stockVariant(3, 1000);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const headers = { "cart-token": cart.token ?? "" };
  const path = `/cart/${cart.lines[0]?.id}`;
  const changed = (await request(path, { method: "PATCH", json: { quantity: 3 }, headers })).as(Cart);
  expect(changed.total.amount).toBe(3000);
  expect(changed.quote_hash).not.toBe(cart.quote_hash);
  const emptied = (await request(path, { method: "DELETE", headers })).as(Cart);
  expect(emptied.lines).toEqual([]);
  const gone = await request(path, { method: "DELETE", headers });
  expect(gone.as(Problem).code).toBe("not_found");
});

test("a repeated add with one key counts once", async () => {
  const tent = await seller.stockVariant(3);
  const { token } = await buyer.fillCart({ [tent.variantId]: 1 });
  const headers = { "cart-token": token ?? "", "idempotency-key": randomUUID() };
  const call = { method: "POST", json: { variant_id: tent.variantId, quantity: 1 }, headers };
  await request("/cart", call);
  const replay = await request("/cart", call);
  expect(replay.headers.get("idempotent-replayed")).toBe("true");
  expect(replay.as(Cart).lines[0]?.quantity).toBe(2);
});

test("a user has one cart on every device", async () => {
  const tent = await seller.stockVariant(3);
  const { token } = await registerCustomer();
  const cart = await buyer.fillCart({ [tent.variantId]: 1 }, token);
  expect(cart.token).toBeUndefined();
  expect((await request("/cart", { token })).as(Cart).id).toBe(cart.id);
});

test.each([
  [
    "an unknown variant",
    { variant_id: "var_00000000000000000000000000", quantity: 1 },
    409,
    "variant_unavailable",
  ],
  ["a malformed variant", { variant_id: "nonsense", quantity: 1 }, 400, "invalid_request"],
  ["no units", { variant_id: "var_00000000000000000000000000", quantity: 0 }, 400, "invalid_request"],
  [
    "an unknown field",
    { variant_id: "var_00000000000000000000000000", quantity: 1, price: 1 },
    400,
    "invalid_request",
  ],
])("adding %s is refused with its code", async (_, json, status, code) => {
  const answer = await request("/cart", { method: "POST", json });
  expect(answer.status).toBe(status);
  expect(answer.as(Problem).code).toBe(code);
});

test("JSON that nests too deep is refused", async () => {
  const response = await fetch(`${api}/cart`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "[".repeat(50) + "]".repeat(50),
  });
  expect(Problem.parse(await response.json()).code).toBe("invalid_request");
});

test("the dearest product fills a line without its total losing a unit, and a dearer one is refused", async () => {
  const dearest = 10_000_000_000;
  const { variantId } = await seller.stockVariant(1, dearest);
  const cart = await buyer.fillCart({ [variantId]: 999 });
  expect(cart.total.amount).toBe(999 * dearest);
  const json = { title: "Too dear", variants: [{ sku: randomUUID(), price: Number.MAX_SAFE_INTEGER }] };
  const refused = await request("/admin/products", { method: "POST", token: await adminToken(), json });
  expect(refused.as(Problem).code).toBe("invalid_request");
});
