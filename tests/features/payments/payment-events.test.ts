import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { signDelivery } from "#local/queue/signature";
import { createBuyer } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { createSeller } from "../../selling.ts";
import { type Answer, costOf, request, stack } from "../../stack.ts";
import { steer } from "./steering.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const patience = { timeout: 50_000, interval: 200 };

const Row = z.object({ type: z.string(), processed: z.boolean(), attempts: z.int() });

async function eventsOf(reference: string): Promise<z.infer<typeof Row>[]> {
  const rows = await inDatabase(
    `select type, processed_at is not null as processed, attempts from payment_events
      where provider_reference = $1 order by type`,
    [reference],
  );
  return z.array(Row).parse(rows);
}

/** A purchase whose events are all dealt with. */
async function payOnce(): Promise<string> {
  const { variantId } = await seller.stockVariant(1);
  const order = await buyer.order({ [variantId]: 1 });
  const attempt = await buyer.authorise(order);
  const intent = attempt.client_secret.split("_secret")[0] ?? "";
  await vi.waitFor(async () => {
    const events = await eventsOf(intent);
    expect(events.filter(({ processed }) => !processed)).toEqual([]);
    expect(events.map(({ type }) => type)).toContain("payment_intent.succeeded");
    expect((await buyer.readOrder(order)).status).toBe("paid");
  }, patience);
  return intent;
}

type Waiting = { reference: string; type?: string; dueInSeconds: number };

/** A stored event whose publication was lost. */
async function storeEvent({ reference, type, dueInSeconds }: Waiting): Promise<string> {
  const id = `evt_${randomUUID()}`;
  await inDatabase(
    `insert into payment_events
      (id, provider, provider_event_id, type, provider_reference, payload, occurred_at, next_try_at)
      values ($1, 'stripe', $1, $2, $3, '{}', now(), now() + make_interval(secs => $4))`,
    [id, type ?? "payment_intent.succeeded", reference, dueInSeconds],
  );
  return id;
}

/** Delivers as the queue does. */
function deliver(eventId: string): Promise<Answer> {
  const json = { provider: "stripe", event_id: eventId };
  const signature = signDelivery({
    url: `${api}/jobs/payment-events`,
    body: Buffer.from(JSON.stringify(json)),
    signingKey: LOCAL_CREDENTIALS.queueCurrentSigningKey,
  });
  return request("/jobs/payment-events", {
    method: "POST",
    json,
    headers: { "upstash-signature": signature },
  });
}

test("Stripe tells the shop of a purchase only what can move the order", async () => {
  const events = await eventsOf(await payOnce());
  expect(events.map(({ type }) => type)).toEqual([
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
  ]);
});

/** Tells the shop as Stripe does. */
async function tellOf(reference: string, type: string): Promise<Answer> {
  const event = {
    id: `evt_${randomUUID()}`,
    object: "event",
    type,
    created: Math.floor(Date.now() / 1000),
    data: { object: { object: "payment_intent", id: reference } },
  };
  const signature = await new Stripe("sk_test").webhooks.generateTestHeaderStringAsync({
    payload: JSON.stringify(event),
    secret: LOCAL_CREDENTIALS.stripeWebhookSecret,
  });
  const call = { method: "POST", json: event, headers: { "stripe-signature": signature } };
  return request("/webhooks/stripe", call);
}

test("an event of a type that nobody knows yet is recorded and left alone", async () => {
  const reference = `pi_${randomUUID()}`;
  const type = "payment_intent.teleported";
  expect((await tellOf(reference, type)).status).toBe(200);
  expect(await eventsOf(reference)).toEqual([{ type, processed: true, attempts: 0 }]);
});

test("that a captured payment was captured is done when it is stored, in two calls", async () => {
  const reference = await payOnce();
  const told = await tellOf(reference, "payment_intent.succeeded");
  expect(told.status).toBe(200);
  expect(costOf(told)).toEqual({ databaseCalls: 2, objectCalls: 0 });
  await vi.waitFor(async () => {
    const events = await eventsOf(reference);
    expect(events.map(({ processed }) => processed)).toEqual([true, true, true]);
  }, patience);
});

test("that the money of a captured payment went back is acted on", async () => {
  const reference = await payOnce();
  expect((await tellOf(reference, "charge.refunded")).status).toBe(200);
  await vi.waitFor(async () => {
    const events = await eventsOf(reference);
    expect(events).toContainEqual({ type: "charge.refunded", processed: true, attempts: 1 });
  }, patience);
});

test("late news of a captured payment costs one read and one write, and the provider is not asked", async () => {
  const reference = await payOnce();
  const path = `/v1/payment_intents/${reference}`;
  await steer("stripe", "strikes", { fault: "error_500", path, stored: false, times: 1_000_000 });
  const late = [
    await storeEvent({ reference, type: "payment_intent.amount_capturable_updated", dueInSeconds: 3600 }),
    await storeEvent({ reference, type: "payment_intent.succeeded", dueInSeconds: 3600 }),
  ] as const;
  const first = await deliver(late[0]);
  expect(first.status).toBe(200);
  expect(costOf(first)).toEqual({ databaseCalls: 2, objectCalls: 0 });
  const events = await eventsOf(reference);
  expect(events.filter(({ processed }) => !processed)).toEqual([]);
  // The first delivery took both: the second finds nothing to do.
  expect(costOf(await deliver(late[1]))).toEqual({ databaseCalls: 1, objectCalls: 0 });
});

test("news that money went back asks the provider although the payment was captured", async () => {
  const reference = await payOnce();
  const path = `/v1/payment_intents/${reference}`;
  await steer("stripe", "strikes", { fault: "error_500", path, stored: false, times: 1_000_000 });
  const id = await storeEvent({ reference, type: "charge.refunded", dueInSeconds: 3600 });
  expect((await deliver(id)).status).toBeGreaterThanOrEqual(500);
  expect((await eventsOf(reference)).filter(({ processed }) => !processed)).toEqual([
    { type: "charge.refunded", processed: false, attempts: 1 },
  ]);
  await steer("stripe", "strikes/lift", { containing: reference });
  expect((await deliver(id)).status).toBe(200);
});

test("events that fail again and again step back, and hold up no other", async () => {
  const paid = await payOnce();
  const unknown = `pi_unknown_${randomUUID()}`;
  await Promise.all(
    Array.from({ length: 25 }, (_, each) =>
      storeEvent({ reference: `${unknown}_${each}`, dueInSeconds: -7200 }),
    ),
  );
  try {
    await storeEvent({ reference: paid, dueInSeconds: -1 });
    await vi.waitFor(async () => {
      expect((await eventsOf(paid)).filter(({ processed }) => !processed)).toEqual([]);
      const tried = await inDatabase(
        `select 1 from payment_events where starts_with(provider_reference, $1)
          and processed_at is null and attempts > 0 and next_try_at > received_at`,
        [unknown],
      );
      expect(tried).toHaveLength(25);
    }, patience);
  } finally {
    await inDatabase("delete from payment_events where starts_with(provider_reference, $1)", [unknown]);
  }
});
