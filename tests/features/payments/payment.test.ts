import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Attempt, createBuyer, type Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { inDatabase } from "../../in-database.ts";
import { costOf, request, stack } from "../../stack.ts";
import { steer } from "./steering.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Problem = z.object({ code: z.string() });
const patience = { timeout: 50_000, interval: 200 };

function eventually(order: Order, status: string): Promise<void> {
  return vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe(status), patience);
}

async function newOrder(units = 1, quantity = 1): Promise<{ order: Order; sku: string }> {
  const variant = await seller.stockVariant(units);
  return { order: await buyer.order({ [variant.variantId]: quantity }), sku: variant.sku };
}

test("webhook and queue alone bring an authorised order to paid, with a number and its stock sold", async () => {
  const { order, sku } = await newOrder(5, 2);
  await buyer.authorise(order);
  await eventually(order, "paid");
  const paid = await buyer.readOrder(order);
  expect(paid.number).toBeGreaterThan(1000);
  expect(paid.payment).toMatchObject({ provider: "stripe", status: "captured" });
  const history = await buyer.readHistory(order);
  expect(history.map(({ type }) => type)).toEqual(["order.placed", "order.authorised", "order.paid"]);
  expect(history.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(3), patience);
});

test("confirming is a hint that reads the provider: before paying nothing moves, after it the order is paid", async () => {
  const { order } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  const early = await buyer.confirm(order);
  expect(early.status).toBe(200);
  expect(early.as(z.object({ status: z.string() })).status).toBe("pending_payment");
  // A webhook would have the payment settled at the same time: whoever loses that race is told what stands so far.
  await steer("stripe", "strikes", { fault: "drop_webhook", containing: order.id, times: 100 });
  await buyer.payWith(attempt);
  const confirmed = await buyer.confirm(order);
  expect(confirmed.as(z.object({ status: z.string() })).status).toBe("paid");
});

test("ten confirmations at once capture once", async () => {
  const { order, sku } = await newOrder(3);
  await buyer.authorise(order);
  const answers = await Promise.all(Array.from({ length: 10 }, () => buyer.confirm(order)));
  expect(answers.filter((answer) => answer.status >= 500)).toEqual([]);
  await eventually(order, "paid");
  expect((await buyer.readHistory(order)).filter(({ type }) => type === "order.paid")).toHaveLength(1);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(2), patience);
});

test("starting a payment again, with the same key or another, leads to the same attempt", async () => {
  const { order } = await newOrder();
  const key = randomUUID();
  const first = await buyer.startPayment(order, key);
  const replay = await buyer.startPayment(order, key);
  const other = await buyer.startPayment(order);
  expect(replay.body).toEqual(first.body);
  expect(replay.headers.get("idempotent-replayed")).toBe("true");
  expect(other.as(Attempt).client_secret).toBe(first.as(Attempt).client_secret);
});

test("the client secret is not kept in our database", async () => {
  const { order } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  const secret = attempt.client_secret.split("_secret_")[1] ?? "";
  const found = await inDatabase("select 1 from idempotency_records where body::text like $1", [
    `%${secret}%`,
  ]);
  expect(found).toEqual([]);
});

test("a declined card is told, and a second card pays the same order", async () => {
  const { order } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  expect((await buyer.payWith(attempt, "pm_card_chargeDeclinedInsufficientFunds")).status).toBe(402);
  await vi.waitFor(
    async () =>
      expect((await buyer.readOrder(order)).payment).toMatchObject({ failure_code: "insufficient_funds" }),
    patience,
  );
  await buyer.payWith(attempt);
  await eventually(order, "paid");
  const types = (await buyer.readHistory(order)).map(({ type }) => type);
  expect(types).toEqual(["order.placed", "order.payment_failed", "order.authorised", "order.paid"]);
});

test("a card that needs authentication waits for the buyer", async () => {
  const { order } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  await buyer.payWith(attempt, "pm_card_authenticationRequired");
  await vi.waitFor(
    async () => expect((await buyer.readOrder(order)).payment?.status).toBe("requires_action"),
    patience,
  );
  expect((await buyer.readOrder(order)).status).toBe("pending_payment");
});

test("a cancelled order can no longer be paid, and its unit is for sale again", async () => {
  const { order, sku } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  expect((await buyer.cancel(order)).as(z.object({ status: z.string() })).status).toBe("cancelled");
  expect((await buyer.payWith(attempt)).status).toBe(400);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
});

test("an overdue order expires at the provider first, then gives its stock back", async () => {
  const { order, sku } = await newOrder();
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  await inDatabase("update orders set hold_expires_at = now() - interval '1 second' where id = $1", [
    order.id,
  ]);
  await eventually(order, "expired");
  expect((await buyer.payWith(attempt)).status).toBe(400);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
});

test("a payment that was authorised just in time is taken, although its order is overdue", async () => {
  const { order } = await newOrder();
  await steer("stripe", "strikes", { fault: "drop_webhook", containing: order.id, times: 100 });
  await buyer.authorise(order);
  await inDatabase("update orders set hold_expires_at = now() - interval '1 second' where id = $1", [
    order.id,
  ]);
  await eventually(order, "paid");
});

test("a payment that an order cannot take is refused with its code", async () => {
  const { order } = await newOrder();
  await buyer.cancel(order);
  const late = await buyer.startPayment(order);
  expect(late.status).toBe(409);
  expect(late.as(Problem).code).toBe("invalid_transition");
  const stranger = await buyer.startPayment({ ...order, access_token: "" });
  expect(stranger.as(Problem).code).toBe("not_found");
});

test("a forged webhook is refused and leaves no trace", async () => {
  const id = `evt_${randomUUID()}`;
  const answer = await request("/webhooks/stripe", {
    method: "POST",
    json: { id, object: "event", type: "payment_intent.succeeded" },
    headers: { "stripe-signature": `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}` },
  });
  expect(answer.status).toBe(400);
  expect(answer.as(Problem).code).toBe("invalid_signature");
  expect(await inDatabase("select 1 from payment_events where provider_event_id = $1", [id])).toEqual([]);
});

test("a job that the queue did not sign is refused", async () => {
  const answer = await request("/jobs/payment-events", {
    method: "POST",
    json: { provider: "stripe", event_id: "evt_1" },
    headers: { "upstash-signature": "e30.e30.e30" },
  });
  expect(answer.as(Problem).code).toBe("invalid_signature");
});

test("a webhook that comes twice is stored and acted on once", async () => {
  const { order } = await newOrder();
  await buyer.authorise(order);
  await eventually(order, "paid");
  const Delivery = z.object({ id: z.string(), body: z.string() });
  const listed = await fetch(`${services.stripe}/_simulator/deliveries?limit=1000`);
  const { data } = z.object({ data: z.array(Delivery) }).parse(await listed.json());
  const ofOrder = data.filter(({ body }) => body.includes(order.id));
  expect(ofOrder.length).toBeGreaterThanOrEqual(2);
  for (const { id } of ofOrder) await steer("stripe", `deliveries/${id}/resend`);
  const doubled = await inDatabase(
    "select provider_event_id from payment_events group by provider, provider_event_id having count(*) > 1",
    [],
  );
  expect(doubled).toEqual([]);
  expect((await buyer.readHistory(order)).map(({ type }) => type)).toEqual([
    "order.placed",
    "order.authorised",
    "order.paid",
  ]);
});

test("a webhook costs one round trip to Postgres before it is acknowledged", async () => {
  const event = {
    id: `evt_${randomUUID()}`,
    object: "event",
    type: "balance.available",
    created: Math.floor(Date.now() / 1000),
    data: { object: { object: "balance" } },
  };
  const signature = await new Stripe("sk_test").webhooks.generateTestHeaderStringAsync({
    payload: JSON.stringify(event),
    secret: LOCAL_CREDENTIALS.stripeWebhookSecret,
  });
  const call = { method: "POST", json: event, headers: { "stripe-signature": signature } };
  const answer = await request("/webhooks/stripe", call);
  expect(answer.status).toBe(200);
  expect(costOf(answer)).toEqual({ databaseCalls: 1, objectCalls: 0 });
});
