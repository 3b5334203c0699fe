import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createBuyer, Cart, Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { costOf, registerCustomer, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Problem = z.object({ code: z.string(), errors: z.array(z.object({ code: z.string() })).optional() });

async function expectAvailable(sku: string, units: number): Promise<void> {
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(units), {
    timeout: 25_000,
    interval: 100,
  });
}

test("an order copies the cart, holds its stock and empties the cart", async () => {
  const tent = await seller.stockVariant(5, 1999);
  const cart = await buyer.fillCart({ [tent.variantId]: 2 });
  const answer = await buyer.placeOrder(cart);
  expect(answer.status).toBe(201);
  const order = answer.as(Order);
  expect(order).toMatchObject({
    status: "pending_payment",
    number: null,
    total: { amount: 3998, currency: "USD" },
  });
  await expectAvailable(tent.sku, 3);
  await vi.waitFor(async () => {
    const emptied = await request("/cart", { headers: { "cart-token": cart.token ?? "" } });
    expect(emptied.as(Cart).lines).toEqual([]);
  }, 25_000);
});

test("the same key gives the same order again, to the byte, and holds nothing twice", async () => {
  const tent = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [tent.variantId]: 2 });
  const key = randomUUID();
  const first = await buyer.placeOrder(cart, { key });
  const second = await buyer.placeOrder(cart, { key });
  expect(second.status).toBe(201);
  expect(second.body).toEqual(first.body);
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  await expectAvailable(tent.sku, 3);
});

test("ten requests with one key at once make one order", async () => {
  const tent = await seller.stockVariant(50);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 10 }, () => buyer.placeOrder(cart, { key })));
  const [placed, told] = [201, 409].map((status) => answers.filter((answer) => answer.status === status));
  expect(new Set(placed?.map((answer) => answer.as(Order).id)).size).toBe(1);
  for (const answer of told ?? []) {
    expect(answer.as(Problem).code).toBe("idempotency_conflict");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect((placed?.length ?? 0) + (told?.length ?? 0)).toBe(answers.length);
  await expectAvailable(tent.sku, 49);
});

test("the same key with another body is refused", async () => {
  const tent = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const key = randomUUID();
  await buyer.placeOrder(cart, { key });
  const other = await buyer.placeOrder(cart, { key, json: { email: "other@example.com" } });
  expect(other.status).toBe(422);
  expect(other.as(Problem).code).toBe("idempotency_key_reused");
});

test("a price that moved is refused with the new quote, nothing is held, and the new quote is accepted", async () => {
  const tent = await seller.stockVariant(5, 1000);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const key = randomUUID();
  const stale = await buyer.placeOrder({ ...cart, quote_hash: "0".repeat(64) }, { key });
  expect(stale.status).toBe(409);
  const problem = stale.as(z.object({ code: z.string(), quote: z.object({ quote_hash: z.string() }) }));
  expect(problem.code).toBe("price_changed");
  await expectAvailable(tent.sku, 5);
  const agreed = await buyer.placeOrder({ ...cart, quote_hash: problem.quote.quote_hash }, { key });
  expect(agreed.status).toBe(201);
});

test("when one SKU is short, nothing of the order is held", async () => {
  const plenty = await seller.stockVariant(10);
  const short = await seller.stockVariant(1);
  const cart = await buyer.fillCart({ [plenty.variantId]: 2, [short.variantId]: 2 });
  const refused = await buyer.placeOrder(cart);
  expect(refused.status).toBe(409);
  expect(refused.as(Problem)).toMatchObject({
    code: "insufficient_stock",
    errors: [{ code: "insufficient_stock" }],
  });
  await expectAvailable(plenty.sku, 10);
});

test("thirty buyers of seven units make seven orders", async () => {
  const scarce = await seller.stockVariant(7);
  const carts = await Promise.all(
    Array.from({ length: 30 }, () => buyer.fillCart({ [scarce.variantId]: 1 })),
  );
  const answers = await Promise.all(carts.map((cart) => buyer.placeOrder(cart)));
  const statuses = answers.map((answer) => answer.status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(7);
  expect(statuses.filter((status) => status === 409)).toHaveLength(23);
  await expectAvailable(scarce.sku, 0);
});

test("an order costs two round trips to Postgres, one call to the cart and one per SKU", async () => {
  const tent = await seller.stockVariant(5);
  const lamp = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [tent.variantId]: 1, [lamp.variantId]: 1 });
  expect(costOf(await buyer.placeOrder(cart))).toEqual({ databaseCalls: 2, objectCalls: 3 });
});

test("a guest reads the order with its token alone, a user with the account, and nobody else at all", async () => {
  const tent = await seller.stockVariant(5);
  const order = await buyer.order({ [tent.variantId]: 1 });
  const path = `/orders/${order.id}`;
  const customer = await registerCustomer();
  expect((await request(path)).status).toBe(404);
  const refused = await request(path, { token: customer.token });
  const unknown = await request(`/orders/ord_${"0".repeat(26)}`, { token: customer.token });
  expect([refused.status, costOf(refused)]).toEqual([404, costOf(unknown)]);
  expect((await request(path, { headers: { "order-token": order.access_token ?? "" } })).status).toBe(200);
  const other = await buyer.order({ [tent.variantId]: 1 });
  expect((await request(path, { headers: { "order-token": other.access_token ?? "" } })).status).toBe(404);

  const cart = await buyer.fillCart({ [tent.variantId]: 1 }, customer.token);
  const own = (await buyer.placeOrder(cart, { token: customer.token })).as(Order);
  expect(own.access_token).toBeUndefined();
  expect((await request(`/orders/${own.id}`, { token: customer.token })).status).toBe(200);
  expect((await request(`/orders/${own.id}`)).status).toBe(404);
});

test("a user's orders come in pages, newest first, without gaps or repeats", async () => {
  const tent = await seller.stockVariant(20);
  const { token } = await registerCustomer();
  const placed: string[] = [];
  for (let count = 0; count < 5; count++) {
    const cart = await buyer.fillCart({ [tent.variantId]: 1 }, token);
    placed.unshift((await buyer.placeOrder(cart, { token })).as(Order).id);
    await vi.waitFor(
      async () => expect((await request("/cart", { token })).as(Cart).lines).toEqual([]),
      25_000,
    );
  }
  const Page = z.object({ data: z.array(Order), has_more: z.boolean(), next_cursor: z.string().nullable() });
  const seen: string[] = [];
  let after = "";
  for (;;) {
    const answer = await request(`/orders?limit=2${after}`, { token });
    expect(costOf(answer).databaseCalls, "a page with all that hangs on its orders is one look").toBe(1);
    const page = answer.as(Page);
    seen.push(...page.data.map((order) => order.id));
    if (!page.has_more) break;
    after = `&after=${page.next_cursor}`;
  }
  expect(seen).toEqual(placed);
  const stranger = await registerCustomer();
  expect((await request(`/orders?limit=2${after}`, { token: stranger.token })).as(Problem).code).toBe(
    "invalid_cursor",
  );
});

test.each([
  ["no idempotency key", { headers: {}, json: {} }, 400, "idempotency_key_required"],
  [
    "an unknown field",
    { headers: { "idempotency-key": "k" }, json: { coupon: "x" } },
    400,
    "invalid_request",
  ],
  [
    "no country",
    { headers: { "idempotency-key": "k" }, json: { shipping_address: { name: "x" } } },
    400,
    "invalid_request",
  ],
  [
    "a cart token of another shop",
    { headers: { "idempotency-key": "k", "cart-token": "a.b" }, json: {} },
    401,
    "invalid_token",
  ],
  ["no cart", { headers: { "idempotency-key": "k" }, json: {} }, 409, "cart_empty"],
])("an order with %s is refused with its code", async (_, { headers, json }, status, code) => {
  const whole = {
    quote_hash: "0".repeat(64),
    email: "buyer@example.com",
    shipping_address: { name: "a", line1: "b", city: "c", country: "US" },
    ...json,
  };
  const answer = await request("/orders", { method: "POST", headers, json: whole });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.as(Problem).code).toBe(code);
});
