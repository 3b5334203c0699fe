import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { address, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { costOf, registerCustomer, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const home = { ...address, line1: "7 Saved Street" };
const office = { ...address, name: "Office", city: "Lisbon" };

const Copied = z.object({ id: z.string(), shipping_address: z.unknown(), billing_address: z.unknown() });
const book = "/customers/me/addresses";

type Saved = { id: string };

async function save(token: string, saved: object): Promise<Saved> {
  const answer = await request(book, { method: "POST", token, json: { address: saved } });
  return answer.as(z.object({ id: z.string() }));
}

async function forget(token: string, { id }: Saved): Promise<void> {
  const answer = await request(`${book}/${id}`, { method: "DELETE", token, headers: { "if-match": '"v1"' } });
  expect(answer.status).toBe(204);
}

/** A customer with a filled cart, ready to order. */
async function customerAtCheckout() {
  const { token } = await registerCustomer();
  const tent = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 }, token);
  const order = (json: object, key: string = randomUUID()) =>
    buyer.placeOrder(cart, { key, token, json: { shipping_address: undefined, ...json } });
  return { token, order, sku: tent.sku };
}

test("an order goes where the address book says, and the bill to another entry of it", async () => {
  const { token, order } = await customerAtCheckout();
  const [goods, bill] = [await save(token, home), await save(token, office)];
  const placed = await order({ shipping_address_id: goods.id, billing_address_id: bill.id });
  expect(placed.status).toBe(201);
  expect(placed.as(Copied)).toMatchObject({ shipping_address: home, billing_address: office });
  expect(costOf(placed).databaseCalls).toBe(2);
});

test("a saved address alone is the bill's too, and either may be sent in full beside a saved one", async () => {
  const { token, order } = await customerAtCheckout();
  const saved = await save(token, home);
  const alone = await order({ shipping_address_id: saved.id });
  expect(alone.as(Copied)).toMatchObject({ shipping_address: home, billing_address: home });
  const again = await customerAtCheckout();
  const bill = await save(again.token, office);
  const mixed = await again.order({ shipping_address: address, billing_address_id: bill.id });
  expect(mixed.as(Copied)).toMatchObject({ shipping_address: address, billing_address: office });
});

test("a repeated order keeps the copy of the first, though the entry has changed and gone since", async () => {
  const { token, order } = await customerAtCheckout();
  const saved = await save(token, home);
  const key = randomUUID();
  const first = await order({ shipping_address_id: saved.id }, key);
  await forget(token, saved);
  const second = await order({ shipping_address_id: saved.id }, key);
  expect(second).toMatchObject({ status: 201, body: first.body });
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  const { id } = first.as(Copied);
  expect((await request(`/orders/${id}`, { token })).as(Copied).shipping_address).toEqual(home);
});

test("an entry that was deleted before is refused by name; nothing is held, and the key is free for another address", async () => {
  const { token, order, sku } = await customerAtCheckout();
  const [gone, kept] = [await save(token, home), await save(token, office)];
  await forget(token, gone);
  const key = randomUUID();
  const refused = await order({ shipping_address_id: kept.id, billing_address_id: gone.id }, key);
  expect(refused).toMatchObject({
    status: 404,
    body: { code: "not_found", errors: [{ pointer: "/billing_address_id", code: "not_found" }] },
  });
  expect(await order({ shipping_address_id: kept.id }, key)).toMatchObject({ status: 201 });
  // The one unit of the order that was placed, and nothing of the refused one.
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(4), {
    timeout: 25_000,
    interval: 100,
  });
});

test("somebody else's entry reads as one that does not exist", async () => {
  const { order } = await customerAtCheckout();
  const other = await save((await registerCustomer()).token, home);
  const nobodys = "adr_01kaxk5v3m9qf2t8w4r6y0z1bc";
  const answers = [
    await order({ shipping_address_id: other.id }),
    await order({ shipping_address_id: nobodys }),
  ];
  for (const answer of answers)
    expect(answer).toMatchObject({ status: 404, body: { errors: [{ pointer: "/shipping_address_id" }] } });
});

test("a guest cannot name an entry, and may order with the address in full under the same key", async () => {
  const entry = await save((await registerCustomer()).token, home);
  const tent = await seller.stockVariant(2);
  const cart = await buyer.fillCart({ [tent.variantId]: 1 });
  const key = randomUUID();
  const json = { shipping_address: undefined, shipping_address_id: entry.id };
  const refused = await buyer.placeOrder(cart, { key, json });
  expect(refused).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  expect((await buyer.placeOrder(cart, { key })).status).toBe(201);
});

test.each([
  ["no address at all", {}],
  ["two for the goods", { shipping_address: address, shipping_address_id: "adr_01kaxk5v3m9qf2t8w4r6y0z1bc" }],
  [
    "two for the bill",
    {
      shipping_address: address,
      billing_address: address,
      billing_address_id: "adr_01kaxk5v3m9qf2t8w4r6y0z1bc",
    },
  ],
])("an order with %s is not as described", async (_what, json) => {
  const { order } = await customerAtCheckout();
  expect(await order(json)).toMatchObject({ status: 400, body: { code: "invalid_request" } });
});
