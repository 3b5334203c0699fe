import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { Cart, createBuyer } from "../buying.ts";
import { inDatabase } from "../in-database.ts";
import { createSeller } from "../selling.ts";
import { registerCustomer, request, stack } from "../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });
const Orders = z.object({ data: z.array(z.object({ id: z.string() })) });
const newAccount = () => ({
  email: `${randomUUID()}@customers.example`,
  password: randomUUID(),
  name: "Test Customer",
});

async function ordersOf(token: string): Promise<string[]> {
  return (await request("/orders", { token })).as(Orders).data.map(({ id }) => id);
}

test("who registers with a guest's cart in hand keeps its lines and the orders placed from it", async () => {
  const [tent, stove] = [await seller.stockVariant(5), await seller.stockVariant(5)];
  const guest = await buyer.fillCart({ [tent.variantId]: 1 });
  const order = (await buyer.placeOrder(guest)).as(z.object({ id: z.string() }));
  const headers = { "cart-token": guest.token ?? "" };
  await request("/cart", { method: "POST", json: { variant_id: stove.variantId, quantity: 2 }, headers });
  const registered = await request("/auth/register", { method: "POST", json: newAccount(), headers });
  const { access_token: token } = registered.as(Session);
  const cart = (await request("/cart", { token })).as(Cart);
  expect(cart.lines).toContainEqual(expect.objectContaining({ sku: stove.sku, quantity: 2 }));
  expect(await ordersOf(token)).toEqual([order.id]);
});

test("twenty logins at once with one guest's cart take it over once", async () => {
  const customer = await registerCustomer();
  const tent = await seller.stockVariant(50);
  const guest = await buyer.fillCart({ [tent.variantId]: 3 });
  const { email, password } = customer;
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      request("/auth/login", {
        method: "POST",
        json: { email, password },
        headers: { "cart-token": guest.token ?? "" },
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toContain(200);
  expect((await request("/cart", { token: customer.token })).as(Cart).lines).toMatchObject([
    { sku: tent.sku, quantity: 3 },
  ]);
});

test("of accounts that sign in at once with one guest's cart, one gets its order, and no unit is there twice", async () => {
  const tent = await seller.stockVariant(50);
  const stove = await seller.stockVariant(50);
  const guest = await buyer.fillCart({ [tent.variantId]: 1 });
  const order = (await buyer.placeOrder(guest)).as(z.object({ id: z.string() }));
  const headers = { "cart-token": guest.token ?? "" };
  await request("/cart", { method: "POST", json: { variant_id: stove.variantId, quantity: 3 }, headers });
  const customers = await Promise.all(Array.from({ length: 4 }, () => registerCustomer()));
  await Promise.all(
    customers.flatMap(({ email, password }) =>
      [1, 2].map(() => request("/auth/login", { method: "POST", json: { email, password }, headers })),
    ),
  );
  const owned = await Promise.all(customers.map(({ token }) => ordersOf(token)));
  expect(owned.flat()).toEqual([order.id]);
  const carts = await Promise.all(
    customers.map(async ({ token }) => (await request("/cart", { token })).as(Cart).lines),
  );
  const stoves = carts.flat().filter(({ sku }) => sku === stove.sku);
  expect(stoves).toEqual([expect.objectContaining({ quantity: 3 })]);
});

test("a guest's order belongs to the first account that claims it, and stays there", async () => {
  const tent = await seller.stockVariant(5);
  const guest = await buyer.fillCart({ [tent.variantId]: 1 });
  const order = (await buyer.placeOrder(guest)).as(z.object({ id: z.string() }));
  const [first, second] = [await registerCustomer(), await registerCustomer()];
  for (const { token } of [first, second])
    await request("/cart/merge", { method: "POST", token, headers: { "cart-token": guest.token ?? "" } });
  expect(await ordersOf(first.token)).toEqual([order.id]);
  expect(await ordersOf(second.token)).toEqual([]);
  expect((await request(`/orders/${order.id}`, { token: second.token })).status).toBe(404);
});

test("orders placed under an address are shown to its account only once the address is proven", async () => {
  const account = newAccount();
  const tent = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const placed = await buyer.placeOrder(cart, { json: { email: account.email.toUpperCase() } });
  const order = placed.as(z.object({ id: z.string() }));
  const logIn = async () => {
    const { email, password } = account;
    return (await request("/auth/login", { method: "POST", json: { email, password } })).as(Session)
      .access_token;
  };
  await request("/auth/register", { method: "POST", json: account });
  expect(await ordersOf(await logIn())).toEqual([]);
  await inDatabase("update users set email_verified_at = now() where email = $1", [account.email]);
  expect(await ordersOf(await logIn())).toEqual([order.id]);
});

test("a stale Cart-Token does not keep anybody from signing in, but merging with it says what is wrong", async () => {
  const headers = { "cart-token": "not-one-of-ours" };
  const registered = await request("/auth/register", { method: "POST", json: newAccount(), headers });
  const { access_token: token } = registered.as(Session);
  expect((await request("/cart/merge", { method: "POST", token, headers })).status).toBe(401);
  expect((await request("/cart/merge", { method: "POST", headers })).status).toBe(401);
});
