import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Attempt, type Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Disputes = z.object({
  data: z.array(
    z.object({ order_id: z.string(), status: z.string(), amount: z.object({ amount: z.int() }) }),
  ),
});

test("a disputed payment is recorded once, in the order's history and in the list for staff", async () => {
  const variant = await seller.stockVariant(1, 2200);
  const order = await buyer.order({ [variant.variantId]: 1 });
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  await buyer.payWith(attempt, "pm_card_createDispute");
  await vi.waitFor(
    async () => {
      const types = (await buyer.readHistory(order)).map(({ type }) => type);
      expect(types.filter((type) => type === "order.disputed")).toHaveLength(1);
    },
    { timeout: 25_000, interval: 500 },
  );
  const token = await adminToken();
  const { data } = (await request("/admin/disputes?limit=100", { token })).as(Disputes);
  expect(data.filter((dispute) => dispute.order_id === order.id)).toEqual([
    { order_id: order.id, status: "open", amount: { amount: 2200 } },
  ]);
  expect((await request("/admin/disputes")).status).toBe(401);
});

const patience = { timeout: 50_000, interval: 250 };

/** A signed event of its own that tells of one and the same dispute. */
async function tellOfDispute({ id, intent }: { id: string; intent: string }): Promise<string> {
  const event = {
    id: `evt_${randomUUID()}`,
    object: "event",
    type: "charge.dispute.updated",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: {
      object: {
        id,
        object: "dispute",
        payment_intent: intent,
        amount: 2200,
        currency: "usd",
        reason: "fraudulent",
        status: "needs_response",
      },
    },
  };
  const signature = await new Stripe("sk_test").webhooks.generateTestHeaderStringAsync({
    payload: JSON.stringify(event),
    secret: LOCAL_CREDENTIALS.stripeWebhookSecret,
  });
  const call = { method: "POST", json: event, headers: { "stripe-signature": signature } };
  expect((await request("/webhooks/stripe", call)).status).toBe(200);
  return event.id;
}

async function paidOrder(): Promise<{ order: Order; intent: string }> {
  const variant = await seller.stockVariant(1, 2200);
  const order = await buyer.order({ [variant.variantId]: 1 });
  const attempt = await buyer.authorise(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
  return { order, intent: attempt.client_secret.split("_secret")[0] ?? "" };
}

test("events of one dispute that come at the same time are recorded once", async () => {
  const paid = await Promise.all([paidOrder(), paidOrder(), paidOrder()]);
  for (const { order, intent } of paid) {
    const id = `dp_${randomUUID()}`;
    const told = await Promise.all(Array.from({ length: 8 }, () => tellOfDispute({ id, intent })));
    await vi.waitFor(async () => {
      const waiting = await inDatabase(
        "select 1 from payment_events where provider_event_id = any($1) and processed_at is null",
        [told],
      );
      expect(waiting).toEqual([]);
    }, patience);
    const disputed = (await buyer.readHistory(order)).filter(({ type }) => type === "order.disputed");
    expect(disputed).toHaveLength(1);
  }
});
