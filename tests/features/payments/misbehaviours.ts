import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import { z } from "zod";
import { Attempt, type Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import type { Provider } from "./claim-cases.ts";
import { PaypalAttempt, approve, buyer, newOrder, patience, seller, startPaypal } from "./paypal-buyer.ts";
import { steer, tell } from "./steering.ts";

/** Where a purchase of one unit of two, at 15.00, comes to rest. */
export type Rest = { order: string; attempt: string; available: number; books: Record<string, number> };

const booked = (provider: Provider, refunds = 0) => ({
  [`receivable:${provider}`]: 1500 - refunds,
  sales: -1500,
  ...(refunds === 0 ? {} : { refunds }),
});

export const rests = {
  paid: (provider: Provider): Rest => ({
    order: "paid",
    attempt: "captured",
    available: 1,
    books: booked(provider),
  }),
  refunded: (provider: Provider): Rest => ({
    order: "refunded",
    attempt: "captured",
    available: 1,
    books: booked(provider, 1500),
  }),
  cancelled: (): Rest => ({ order: "cancelled", attempt: "cancelled", available: 2, books: {} }),
  expired: (): Rest => ({ order: "expired", attempt: "cancelled", available: 2, books: {} }),
};

const Balances = z.array(z.object({ account: z.string(), sum: z.int() }));

async function restOf({ order, sku }: Pick<Purchase, "order" | "sku">): Promise<Rest> {
  const [attempts, balances] = await Promise.all([
    inDatabase("select status from payment_attempts where order_id = $1 order by id", [order.id]),
    inDatabase("select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by 1", [
      order.id,
    ]),
  ]);
  // One order, one payment: whatever was repeated, there is no second.
  const [attempt] = z.tuple([z.object({ status: z.string() })]).parse(attempts);
  return {
    order: (await buyer.readOrder(order)).status,
    attempt: attempt.status,
    available: await seller.available(sku),
    books: Object.fromEntries(Balances.parse(balances).map(({ account, sum }) => [account, sum])),
  };
}

/** Nobody helps but the sweep, whose looks are brought forward. */
export async function expectRest(purchase: Pick<Purchase, "order" | "sku">, rest: Rest): Promise<void> {
  const { id } = purchase.order;
  await vi.waitFor(async () => {
    await inDatabase("update payment_attempts set next_check_at = now() where order_id = $1", [id]);
    await inDatabase("update refunds set next_check_at = now() where order_id = $1 and status = 'pending'", [
      id,
    ]);
    expect(await restOf(purchase)).toEqual(rest);
  }, patience);
}

export type Purchase = {
  provider: Provider;
  order: Order;
  sku: string;
  attemptId: string;
  /** The provider's id. */
  payment: string;
  pay: () => Promise<unknown>;
};

/** Starts paying, over and over while the provider does not answer, as a patient buyer does. */
export async function startPaying(
  provider: Provider,
  placed: { order: Order; sku: string },
): Promise<Purchase> {
  const { order } = placed;
  const started = await vi.waitFor(async () => {
    const answer = await (provider === "stripe" ? buyer.startPayment(order) : startPaypal(order));
    expect(answer.status).toBe(201);
    return answer;
  }, patience);
  if (provider === "stripe") {
    const attempt = started.as(Attempt);
    const payment = attempt.client_secret.split("_secret")[0] ?? "";
    return { ...placed, provider, payment, attemptId: attempt.attempt_id, pay: () => buyer.payWith(attempt) };
  }
  const { attempt_id: attemptId, approve_url: url } = started.as(PaypalAttempt);
  const payment = new URL(url).searchParams.get("token") ?? "";
  return { ...placed, provider, payment, attemptId, pay: () => approve(url) };
}

export async function purchase(provider: Provider): Promise<Purchase> {
  return startPaying(provider, await newOrder());
}

export async function pay(bought: Purchase): Promise<void> {
  await bought.pay();
  await expectRest(bought, rests.paid(bought.provider));
}

/** Cancels over and over while the provider does not answer. */
export async function cancel({ order }: Purchase): Promise<void> {
  await vi.waitFor(async () => expect((await buyer.cancel(order)).status).toBe(200), patience);
}

export async function expire({ order }: Purchase): Promise<void> {
  const overdue = "update orders set hold_expires_at = now() - interval '1 second' where id = $1";
  await inDatabase(overdue, [order.id]);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("expired"), patience);
}

export async function refund({ order }: Purchase): Promise<void> {
  await request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    token: await adminToken(),
    json: { restock: false },
    headers: { "idempotency-key": randomUUID() },
  });
}

/** How a provider fails at one call: the shop hears nothing, or is told of a fault whose truth is another. */
export const breakdowns = {
  "its answer is lost": { fault: "lose_reply", times: 2 },
  "a 500 is kept for it, and nothing was done": { fault: "error_500", stored: true, effect: false },
  "a 500 is kept for it, although it was done": { fault: "error_500", stored: true, effect: true },
  "it fails three times": { fault: "error_500", stored: false, effect: false, times: 3 },
} as const;
export type Breakdown = keyof typeof breakdowns;

export function breakCall(
  provider: Provider,
  how: Breakdown,
  aim: { path: string; containing?: string },
): Promise<void> {
  return steer(provider, "strikes", { method: "POST", ...breakdowns[how], ...aim });
}

const Deliveries = z.object({
  data: z.array(z.object({ id: z.string(), event_type: z.string(), body: z.string() })),
});

/** Keeps back what the provider would tell of this payment from now on. */
export function silence({ provider, payment }: Purchase): Promise<void> {
  return steer(provider, "strikes", { fault: "drop_webhook", containing: payment, times: 100 });
}

/** Sends all webhooks of a payment that there ever were: once more, and the newest first. */
export async function resendAll({ provider, payment }: Purchase): Promise<void> {
  await steer(provider, "strikes/lift", { containing: payment });
  const listed = await fetch(`${stack().services[provider]}/_simulator/deliveries?limit=1000`);
  const { data } = Deliveries.parse(await listed.json());
  for (const { id } of data.filter(({ body }) => body.includes(payment)))
    await steer(provider, `deliveries/${id}/resend`);
}

/** A signed word of success that is days old, of an event that the shop has never heard of. */
export async function tellLate({ provider, payment, attemptId }: Purchase): Promise<void> {
  const created = Math.floor(Date.now() / 1000) - 3 * 24 * 60 * 60;
  await tell(
    provider,
    provider === "stripe"
      ? {
          event_type: "payment_intent.succeeded",
          object: payment,
          claims: { status: "succeeded", amount_received: 1500 },
          event_claims: { created },
        }
      : {
          event_type: "CHECKOUT.ORDER.APPROVED",
          object: payment,
          claims: { status: "APPROVED" },
          event_claims: { create_time: new Date(created * 1000).toISOString() },
        },
  );
  await vi.waitFor(async () => {
    const heard = `select 1 from payment_events where provider_reference = $1 and processed_at is not null
      and occurred_at < now() - interval '2 days'`;
    expect(await inDatabase(heard, [payment])).toHaveLength(1);
  }, patience);
  expect(attemptId).not.toBe("");
}

/** A word of success that somebody else signed. */
export async function tellForged({ provider, payment }: Purchase): Promise<void> {
  const type = provider === "stripe" ? "payment_intent.succeeded" : "PAYMENT.CAPTURE.COMPLETED";
  await steer(provider, "faults", { forge: { event_type: type, object: payment } });
  await vi.waitFor(async () => {
    const listed = await fetch(`${stack().services[provider]}/_simulator/deliveries?limit=1000`);
    const Forged = z.object({
      data: z.array(z.object({ kind: z.string(), body: z.string(), status_code: z.int().nullable() })),
    });
    const { data } = Forged.parse(await listed.json());
    const sent = data.filter(({ kind, body }) => kind === "forged" && body.includes(payment));
    expect(sent.map(({ status_code: status }) => status)).toEqual([400]);
  }, patience);
}

type Row = [what: string, misbehave: (bought: Purchase) => Promise<void>, rest: Rest];

/** What happens to a provider's news, and where the purchase comes to rest all the same. */
export function newsRows(provider: Provider): Row[] {
  const paid = rests.paid(provider);
  return [
    [
      "comes twice",
      async (bought) => {
        await pay(bought);
        await resendAll(bought);
      },
      paid,
    ],
    [
      "comes late, and the newest first",
      async (bought) => {
        await silence(bought);
        await bought.pay();
        await resendAll(bought);
      },
      paid,
    ],
    [
      "never comes",
      async (bought) => {
        await silence(bought);
        await bought.pay();
      },
      paid,
    ],
    [
      "is forged, before the buyer pays",
      async (bought) => {
        await tellForged(bought);
        expect((await buyer.readOrder(bought.order)).status).toBe("pending_payment");
        await bought.pay();
      },
      paid,
    ],
    [
      "comes days after the order expired",
      async (bought) => {
        await expire(bought);
        await tellLate(bought);
      },
      rests.expired(),
    ],
    [
      "comes days after the order was cancelled",
      async (bought) => {
        await cancel(bought);
        await tellLate(bought);
      },
      rests.cancelled(),
    ],
    [
      "comes days after the money went back",
      async (bought) => {
        await pay(bought);
        await refund(bought);
        await expectRest(bought, rests.refunded(provider));
        await tellLate(bought);
      },
      rests.refunded(provider),
    ],
  ];
}
