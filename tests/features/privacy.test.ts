import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Attempt, Order, createBuyer } from "../buying.ts";
import { inDatabase } from "../in-database.ts";
import { createSeller } from "../selling.ts";
import type { Customer } from "../shop-client.ts";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Problem = z.object({ code: z.string() });

/** Words that occur nowhere else, one in each place where a buyer writes something personal. */
function newCanary() {
  const word = `canary${randomUUID().replaceAll("-", "")}`;
  return {
    word,
    address: {
      name: `${word} name`,
      line1: `${word} street`,
      line2: `${word} flat`,
      city: `${word} city`,
      region: `${word} region`,
      postal_code: word.slice(6, 20),
      country: "PT",
      phone: word.slice(6, 36),
    },
    notes: `${word} ring twice`,
  };
}
type Canary = ReturnType<typeof newCanary>;

async function order(customer: Customer, { address, notes }: Canary): Promise<Order> {
  const { variantId } = await seller.stockVariant(5, 4200);
  const cart = await buyer.fillCart({ [variantId]: 1 }, customer.token);
  const json = { email: customer.email, shipping_address: address, billing_address: address, notes };
  return (await buyer.placeOrder(cart, { json, token: customer.token })).as(Order);
}

/**
 * Tables and columns of the database in which the text stands, wherever that is. Months are read with the table that
 * they are parts of: meanwhile they come and go.
 */
async function placesOf(text: string): Promise<unknown[]> {
  const columns = await inDatabase(
    `select attrelid::regclass::text as table, quote_ident(attname) as column
     from pg_attribute join pg_class on pg_class.oid = attrelid join pg_type on pg_type.oid = atttypid
     where relnamespace in ('public'::regnamespace, 'archive'::regnamespace) and relkind in ('r', 'p')
       and not relispartition and attnum > 0 and not attisdropped
       and (typname in ('text', 'jsonb', 'json') or typcategory = 'A')`,
    [],
  );
  const parts = z
    .array(z.object({ table: z.string(), column: z.string() }))
    .parse(columns)
    .map(
      ({ table, column }) =>
        `select '${table}.${column}' as place where exists
          (select 1 from ${table} where strpos(${column}::text, $1) > 0)`,
    );
  const found = await inDatabase(parts.join(" union all "), [text]);
  return z
    .array(z.object({ place: z.string() }))
    .parse(found)
    .map(({ place }) => place);
}

const patience = { timeout: 25_000, interval: 200 };

test("an erased customer is nowhere in the database, and the books still have the order", async () => {
  const customer = await registerCustomer();
  const canary = newCanary();
  const { id } = await order(customer, canary);
  const headers = { "idempotency-key": randomUUID() };
  await request("/customers/me/consents/promotions", {
    method: "PUT",
    token: customer.token,
    json: { granted: true, wording: canary.word },
    headers,
  });
  expect(await placesOf(canary.word)).not.toEqual([]);
  const open = await request("/customers/me", { method: "DELETE", token: customer.token });
  expect(open.as(Problem).code).toBe("orders_in_progress");
  const cancelled = await request(`/orders/${id}/cancel`, { method: "POST", token: customer.token });
  expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled" } });
  const erased = await request("/customers/me", { method: "DELETE", token: customer.token });
  expect(erased.body).toEqual({ orders: 1 });
  expect(await placesOf(canary.word)).toEqual([]);
  expect(await placesOf(customer.email)).toEqual([]);
  const kept = (await request(`/admin/orders/${id}`, { token: await adminToken() })).body;
  expect(kept).toMatchObject({ total: { amount: 4200 }, shipping_address: { country: "PT" }, notes: null });
  const { email, password } = customer;
  const login = await request("/auth/login", { method: "POST", json: { email, password } });
  expect(login.as(Problem).code).toBe("invalid_credentials");
});

/** Pays an order with a card whose owner fills in everything that the payment page asks for. */
async function payAs({ word, address }: Canary, order: Order): Promise<string> {
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  const [intent = ""] = attempt.client_secret.split("_secret");
  const owner = "payment_method_data[billing_details]";
  const response = await fetch(`${services.stripe}/v1/payment_intents/${intent}/confirm`, {
    method: "POST",
    headers: { authorization: `Bearer ${attempt.publishable_key}` },
    body: new URLSearchParams({
      client_secret: attempt.client_secret,
      return_url: "https://shop.example/thanks",
      "payment_method_data[type]": "card",
      "payment_method_data[card][number]": "4242424242424242",
      "payment_method_data[card][exp_month]": "12",
      "payment_method_data[card][exp_year]": "2040",
      [`${owner}[name]`]: address.name,
      [`${owner}[email]`]: `${word}@payer.example`,
      [`${owner}[phone]`]: address.phone,
      [`${owner}[address][line1]`]: address.line1,
    }),
  });
  expect(response.status).toBe(200);
  const charges = await fetch(`${services.stripe}/v1/charges?payment_intent=${intent}`, {
    headers: { authorization: `Bearer ${LOCAL_CREDENTIALS.stripeSecretKey}` },
  });
  expect(await charges.text()).toContain(word);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
  return intent;
}

const payloadsOf = async (reference: string) =>
  z
    .array(z.object({ payload: z.record(z.string(), z.unknown()) }))
    .parse(await inDatabase("select payload from payment_events where provider_reference = $1", [reference]));

test("what a payer tells the provider is never stored, and what staff wrote about the order is erased", async () => {
  const [canary, admin] = [newCanary(), await adminToken()];
  const email = `${randomUUID()}@guests.example`;
  const { variantId } = await seller.stockVariant(5, 4200);
  const placed = await buyer.placeOrder(await buyer.fillCart({ [variantId]: 1 }), {
    json: { email, notes: canary.notes },
  });
  const paid = placed.as(Order);
  const reference = await payAs(canary, paid);
  const refunded = await request(`/admin/orders/${paid.id}/refunds`, {
    method: "POST",
    token: admin,
    json: { restock: false, reason: `${canary.word} was unhappy` },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(refunded.status).toBe(201);
  // The charge that carries the payer's data is told of with the refund.
  await vi.waitFor(
    async () => expect(JSON.stringify(await payloadsOf(reference))).toContain('"object":"charge"'),
    { timeout: 25_000, interval: 200 },
  );
  const places = await placesOf(canary.word);
  expect(places).toContain("refunds.reason");
  expect(places).not.toContain("payment_events.payload");
  const erased = await request("/admin/privacy/guest-erasures", {
    method: "POST",
    token: admin,
    json: { email },
  });
  expect(erased.body).toEqual({ orders: 1 });
  expect(await placesOf(canary.word)).toEqual([]);
  expect(await placesOf(email)).toEqual([]);
});

test("what the provider's events carried is forgotten a month after they were acted on, and no sooner", async () => {
  const [old, recent] = [`pi_${randomUUID()}`, `pi_${randomUUID()}`];
  for (const [reference, days] of [
    [old, 31],
    [recent, 29],
  ] as const)
    await inDatabase(
      `insert into payment_events (id, provider, provider_event_id, type, provider_reference, payload, occurred_at, processed_at)
       values ($1, 'stripe', $1, 'charge.refunded', $2, '{"kept": true}', now(), now() - make_interval(days => $3))`,
      [`evt_${randomUUID()}`, reference, days],
    );
  await vi.waitFor(async () => expect(await payloadsOf(old)).toEqual([{ payload: { forgotten: true } }]), {
    timeout: 25_000,
    interval: 500,
  });
  expect(await payloadsOf(recent)).toEqual([{ payload: { kept: true } }]);
});

test("the answers that staff was given about a customer are erased with the customer", async () => {
  const [customer, token] = [await registerCustomer(), await adminToken()];
  const canary = newCanary();
  await request("/customers/me/addresses", {
    method: "POST",
    token: customer.token,
    json: { address: canary.address },
  });
  const enabled = await request(`/admin/customers/${customer.id}/enable`, {
    method: "POST",
    token,
    headers: { "idempotency-key": randomUUID() },
  });
  expect(JSON.stringify(enabled.body)).toContain(canary.word);
  expect(await placesOf(canary.word)).toContain("idempotency_records.body");
  expect((await request(`/admin/customers/${customer.id}`, { method: "DELETE", token })).status).toBe(200);
  expect(await placesOf(canary.word)).toEqual([]);
});

test("the tokens of an erased account erase nothing more and buy nothing", async () => {
  const customer = await registerCustomer();
  const { variantId } = await seller.stockVariant(5);
  await request("/customers/me", { method: "DELETE", token: customer.token });
  const again = await request("/customers/me", { method: "DELETE", token: customer.token });
  expect(again.status).toBe(401);
  // The erasure's event empties the account's cart, which would refuse the order for another reason.
  await vi.waitFor(async () => {
    const events =
      "select delivered_at is not null as delivered from outbox where type = 'user.erased' and subject = $1";
    expect(await inDatabase(events, [customer.id])).toEqual([{ delivered: true }]);
  }, patience);
  const cart = await buyer.fillCart({ [variantId]: 1 }, customer.token);
  const refused = await buyer.placeOrder(cart, { token: customer.token });
  expect(refused.status).toBe(401);
});

test("a guest is erased on request of the staff, and of staff alone", async () => {
  const email = `${randomUUID()}@guests.example`;
  const canary = newCanary();
  const { variantId } = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [variantId]: 1 });
  const json = { email, shipping_address: canary.address };
  const placed = (await buyer.placeOrder(cart, { json })).as(Order);
  await buyer.cancel(placed);
  const call = { method: "POST", json: { email } };
  expect((await request("/admin/privacy/guest-erasures", call)).status).toBe(401);
  const token = await adminToken();
  const erased = await request("/admin/privacy/guest-erasures", { ...call, token });
  expect(erased.body).toEqual({ orders: 1 });
  // A cancelled order's events are mailed and told by name of the order alone, so nothing comes back later.
  expect(await placesOf(canary.word)).toEqual([]);
  expect(await placesOf(email)).toEqual([]);
  const again = await request("/admin/privacy/guest-erasures", { ...call, token });
  expect(again.as(Problem).code).toBe("not_found");
});

test("the export holds what is known of the customer, and nothing of others", async () => {
  const [customer, other] = [await registerCustomer(), await registerCustomer()];
  const [canary, othersCanary] = [newCanary(), newCanary()];
  const { id } = await order(customer, canary);
  await order(other, othersCanary);
  const saved = { method: "POST", token: customer.token, json: { address: canary.address } };
  await request("/customers/me/addresses", saved);
  const answer = await request("/customers/me/export", { token: customer.token });
  const text = z.string().parse(answer.body);
  const lines: unknown[] = text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines[0]).toMatchObject({
    account: { email: customer.email },
    sessions: [{}],
    identities: [],
    passkeys: [],
    second_factors: { totp: { enabled: false } },
    addresses: [{ address: canary.address, default_shipping: false }],
  });
  expect(lines[1]).toMatchObject({ order: { id, shipping_address: canary.address, notes: canary.notes } });
  expect(lines.at(-1)).toEqual({ end: true, orders: 1 });
  expect(text).not.toContain(othersCanary.word);
  expect(text).not.toContain(other.email);
  expect(text).not.toContain("password");
});

test("consents are remembered answer by answer, and the last one counts", async () => {
  const { id, token } = await registerCustomer();
  const path = "/customers/me/consents";
  expect((await request(path, { token })).body).toMatchObject({
    data: [{ purpose: "promotions", granted: false, given_at: null }],
  });
  for (const granted of [true, false, true])
    await request(`${path}/promotions`, {
      method: "PUT",
      token,
      json: { granted, wording: "newsletter-1" },
    });
  expect((await request(path, { token })).body).toMatchObject({
    data: [{ granted: true, wording: "newsletter-1" }],
  });
  expect(await inDatabase("select 1 from consents where user_id = $1", [id])).toHaveLength(3);
});

test("an account that proves its address finds the orders that it placed as a guest", async () => {
  const customer = await registerCustomer();
  const { variantId } = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [variantId]: 1 });
  const placed = (await buyer.placeOrder(cart, { json: { email: customer.email } })).as(Order);
  await inDatabase("update users set email_verified_at = now() where id = $1", [customer.id]);
  await inDatabase(
    "insert into outbox (id, type, subject, payload) values ($1, 'user.email_verified', $2, $3)",
    [`evt_${randomUUID().replaceAll("-", "").slice(0, 26)}`, customer.id, { user_id: customer.id }],
  );
  await vi.waitFor(
    async () =>
      expect((await request("/orders", { token: customer.token })).body).toMatchObject({
        data: [{ id: placed.id }],
      }),
    { timeout: 25_000, interval: 500 },
  );
});
