import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { createBuyer } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { orderIdsOf, storeOrders } from "../../local/orders/shop-database.ts";
import { createSeller } from "../../selling.ts";
import type { Customer } from "../../shop-client.ts";
import { adminToken, costOf, registerCustomer, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const at = new URL(services.stripe);
const stripe = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, {
  host: at.hostname,
  port: at.port,
  protocol: "http",
});
const Problem = z.object({ code: z.string() });
const Read = z.object({
  id: z.string(),
  archived: z.boolean(),
  email: z.string(),
  lines: z.array(z.unknown()),
});
const Page = z.object({ data: z.array(Read), next_cursor: z.string().nullable() });
const patience = { timeout: 25_000, interval: 250 };

let staff: string;
beforeAll(async () => {
  staff = await adminToken();
});

/** A customer with two orders of a month of long ago, which was archived. */
async function archivedOrders(month: string): Promise<{ customer: Customer; ids: [string, string] }> {
  const customer = await registerCustomer();
  const [older = "", newer = ""] = ["10", "20"].flatMap((day) => orderIdsOf(`${month}-${day}T12:00:00.000Z`));
  // Gives up where others hold the orders for too long, as the month's archiving does.
  await vi.waitFor(() => inDatabase("select make_order_month($1)", [`${month}-01`]), patience);
  const whose = { userId: customer.id, email: customer.email };
  await storeOrders({ ask: inDatabase }, [
    { id: older, ...whose },
    { id: newer, ...whose },
  ]);
  await archive(month);
  return { customer, ids: [older, newer] };
}

async function archive(month: string): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await inDatabase("select retire_order_month($1) as outcome", [`${month}-01`])).toEqual([
        { outcome: "archived" },
      ]),
    patience,
  );
}

async function refusalOf(path: string, token: string, json: unknown = {}) {
  const headers = { "idempotency-key": randomUUID() };
  const answer = await request(path, { method: "POST", token, json, headers });
  return [answer.status, answer.as(Problem).code];
}

test("an archived order is read by its buyer, with its history and returns, and by staff, and says so", async () => {
  const { customer, ids } = await archivedOrders("2015-01");
  const own = await request(`/orders/${ids[0]}`, { token: customer.token });
  expect(own.as(Read)).toMatchObject({ id: ids[0], archived: true });
  expect(own.as(Read).lines).toHaveLength(2);
  const history = await request(`/orders/${ids[0]}/events`, { token: customer.token });
  expect(history.as(z.object({ data: z.array(z.unknown()) })).data).toHaveLength(2);
  expect((await request(`/orders/${ids[0]}/returns`, { token: customer.token })).status).toBe(200);
  expect((await request(`/admin/orders/${ids[0]}`, { token: staff })).as(Read).archived).toBe(true);
  const stranger = await registerCustomer();
  expect((await request(`/orders/${ids[0]}`, { token: stranger.token })).status).toBe(404);
});

test("lists leave archived orders out, and have them in their place on request, page by page", async () => {
  const { customer, ids } = await archivedOrders("2015-02");
  const { variantId } = await seller.stockVariant(3);
  const cart = await buyer.fillCart({ [variantId]: 1 }, customer.token);
  const placed = (await buyer.placeOrder(cart, { token: customer.token })).as(Read);
  const { token } = customer;
  expect((await request("/orders", { token })).as(Page).data.map(({ id }) => id)).toEqual([placed.id]);
  for (const [path, asker] of [
    ["/orders?include_archived=true&limit=2", token],
    [`/admin/orders?customer_id=${customer.id}&include_archived=true&limit=2`, staff],
  ] as const) {
    const first = (await request(path, { token: asker })).as(Page);
    const second = (await request(`${path}&after=${first.next_cursor}`, { token: asker })).as(Page);
    expect([...first.data, ...second.data].map(({ id, archived }) => [id, archived])).toEqual([
      [placed.id, false],
      [ids[1], true],
      [ids[0], true],
    ]);
    expect(second.next_cursor).toBeNull();
  }
});

test("whatever would move an archived order is refused as archived, whoever asks", async () => {
  const { customer, ids } = await archivedOrders("2015-03");
  const own = `/orders/${ids[0]}`;
  const refused = [409, "order_archived"];
  expect(await refusalOf(`${own}/cancel`, customer.token, undefined)).toEqual(refused);
  const goods = { reason: "too small", lines: [{ order_line_id: "oln_1", quantity: 1 }] };
  expect(await refusalOf(`${own}/returns`, customer.token, goods)).toEqual(refused);
  const payment = { order_id: ids[0], provider: "stripe" };
  expect(await refusalOf("/payment/checkout", customer.token, payment)).toEqual(refused);
  expect(await refusalOf("/payment/confirm", customer.token, { order_id: ids[0] })).toEqual(refused);
  expect(await refusalOf(`/admin${own}/cancel`, staff, undefined)).toEqual(refused);
  expect(await refusalOf(`/admin${own}/fulfilments`, staff)).toEqual(refused);
  expect(await refusalOf(`/admin${own}/refunds`, staff, { restock: false })).toEqual(refused);
  expect(await refusalOf(`/admin${own}/manual-payment`, staff, undefined)).toEqual(refused);
});

test("a dispute of an archived order's payment is not lost: its month comes back, and people are told", async () => {
  const { ids } = await archivedOrders("2015-04");
  await inDatabase("select restore_order_month('2015-04-01')", []);
  const attemptId = ids[0].replace("ord_", "pay_");
  const intent = await stripe.paymentIntents.create({
    amount: 1000,
    currency: "eur",
    metadata: { order_id: ids[0], attempt_id: attemptId },
  });
  await inDatabase(
    `insert into payment_attempts (id, order_id, provider, provider_reference, status, amount, captured_amount, currency)
     values ($1, $2, 'stripe', $3, 'captured', 1000, 1000, 'EUR')`,
    [attemptId, ids[0], intent.id],
  );
  await archive("2015-04");
  await stripe.paymentIntents.confirm(intent.id, { payment_method: "pm_card_createDispute" });
  await vi.waitFor(async () => {
    expect(
      await inDatabase("select status, amount::int from disputes where order_id = $1", [ids[0]]),
    ).toEqual([{ status: "open", amount: 1000 }]);
  }, patience);
  expect((await request(`/admin/orders/${ids[0]}`, { token: staff })).as(Read).archived).toBe(false);
  expect(await inDatabase("select retire_order_month('2015-04-01') as outcome", [])).toEqual([
    { outcome: "unfinished" },
  ]);
});

test("a customer's copy of everything has archived orders in it, and erasing strips them where they are", async () => {
  const { customer, ids } = await archivedOrders("2015-05");
  const copy = await request("/customers/me/export", { token: customer.token });
  const lines = z
    .string()
    .parse(copy.body)
    .trim()
    .split("\n")
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
  const exported = z
    .array(z.object({ order: Read.extend({ history: z.array(z.unknown()) }) }))
    .parse(lines.filter(({ order }) => order));
  expect(exported.map(({ order }) => [order.id, order.archived, order.history.length])).toEqual([
    [ids[1], true, 2],
    [ids[0], true, 2],
  ]);
  const erased = await request("/customers/me", {
    method: "DELETE",
    token: customer.token,
    json: { password: customer.password },
  });
  expect(erased.status).toBe(200);
  const left = await inDatabase(
    "select email, user_id, version::int from archive.orders where id = any($1)",
    [ids],
  );
  expect(left).toEqual(
    Array.from({ length: 2 }, () => ({ email: "erased@customers.invalid", user_id: null, version: 3 })),
  );
  expect((await request(`/admin/orders/${ids[0]}`, { token: staff })).as(Read)).toMatchObject({
    archived: true,
    email: "erased@customers.invalid",
  });
  const told = await inDatabase(
    "select 1 from archive.order_events where order_id = $1 and type = 'order.anonymised'",
    [ids[0]],
  );
  expect(told).toHaveLength(1);
});

test("what was bought long ago may still be reviewed, and counts for the customer's desk", async () => {
  const { customer, ids } = await archivedOrders("2015-06");
  const { productId } = await seller.stockVariant(1);
  await inDatabase("update archive.order_lines set product_id = $2 where order_id = $1", [ids[0], productId]);
  const review = await request(`/products/${productId}/reviews`, {
    method: "POST",
    token: customer.token,
    json: { rating: 5, body: "It has kept for years." },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(review.status).toBe(201);
  const desk = await request(`/admin/customers/${customer.id}`, { token: staff });
  expect(
    desk.as(z.object({ orders: z.object({ count: z.int(), last: z.object({ id: z.string() }) }) })).orders,
  ).toEqual({
    count: 2,
    last: { id: ids[1] },
  });
});

test("reading an order that is not archived costs one call of the database, and an archived one two", async () => {
  const { customer, ids } = await archivedOrders("2015-07");
  const { variantId } = await seller.stockVariant(1);
  const order = await buyer.order({ [variantId]: 1 });
  const guest = { "order-token": order.access_token ?? "" };
  const hot = await request(`/orders/${order.id}`, { headers: guest });
  const archived = await request(`/orders/${ids[0]}`, { token: customer.token });
  expect(costOf(hot).databaseCalls).toBe(1);
  expect(costOf(archived).databaseCalls).toBe(2);
});
