import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { type Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import {
  type Case,
  type Opened,
  events,
  foreign,
  open,
  own,
  purchase,
  readings,
  telling,
} from "./claim-cases.ts";
import { buyer, eventually, patience, seller } from "./paypal-buyer.ts";
import { distort, tell } from "./steering.ts";

const Contradiction = z.object({
  claim: z.string(),
  expected: z.union([z.string(), z.int()]).nullable(),
  told: z.union([z.string(), z.int()]).nullable(),
});
const Reviews = z.object({
  data: z.array(
    z.object({
      attempt_id: z.string(),
      state: z.string(),
      reason: z.string(),
      contradictions: z.array(Contradiction),
      payment_event_id: z.string().nullable(),
    }),
  ),
});
const Refused = z.object({
  data: z.array(z.object({ payment: z.string().nullable(), contradictions: z.array(Contradiction) })),
});

const signedIn = adminToken();

async function reviewsOf({ id }: Order) {
  const token = await signedIn;
  return (await request(`/admin/payment-reviews?order_id=${id}`, { token })).as(Reviews).data;
}

async function refusedEventsOf(payment: string) {
  const token = await signedIn;
  const { data } = (await request("/admin/refused-payment-events?limit=100", { token })).as(Refused);
  return data.filter((event) => event.payment === payment);
}

/** The order stands still: nothing was fulfilled, taken or booked, and its unit is still held. */
async function expectParked({ order, sku, attemptId }: Opened, { reason, differing }: Case) {
  await eventually(order, "payment_review");
  const [claim, expected, told] = differing;
  const value = expected === own ? (claim === "order" ? order.id : attemptId) : expected;
  const [review, ...more] = await reviewsOf(order);
  expect(more).toEqual([]);
  expect(review).toMatchObject({ attempt_id: attemptId, state: "open", reason });
  expect(review?.contradictions).toContainEqual({ claim, expected: value, told });
  const listed = await request("/admin/orders?status=payment_review&limit=100", { token: await signedIn });
  const ids = listed.as(z.object({ data: z.array(z.object({ id: z.string() })) })).data.map(({ id }) => id);
  expect(ids).toContain(order.id);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
  const stored = "select captured_amount::int from payment_attempts where id = $1";
  expect(await inDatabase(stored, [attemptId])).toEqual([{ captured_amount: 0 }]);
  expect(await inDatabase("select 1 from money_ledger where order_id = $1", [order.id])).toEqual([]);
}

test.concurrent.each(readings)(
  "a payment that $provider tells of with another $what is parked, and staff see both values",
  async (given) => {
    const opened = await open[given.provider]();
    await distort(given.provider, opened.payment, given.change(opened));
    await opened.pay();
    await vi.waitFor(async () => {
      await buyer.confirm(opened.order);
      expect((await buyer.readOrder(opened.order)).status).toBe("payment_review");
    }, patience);
    await expectParked(opened, given);
  },
);

test.concurrent.each(events)(
  "an event of $provider that claims another $what parks its order, and is shown",
  async (given) => {
    const opened = await open[given.provider]();
    await tell(given.provider, { ...telling(given.provider, opened), ...given.change(opened) });
    await expectParked(opened, given);
    const [review] = await reviewsOf(opened.order);
    expect(review?.payment_event_id).toMatch(/^pev_/);
    const [refused, ...more] = await refusedEventsOf(opened.payment);
    expect(more).toEqual([]);
    expect(refused?.contradictions).toEqual(review?.contradictions);
  },
);

test.concurrent.each(foreign)(
  "an event of $provider of another $what is shown and changes nothing: its order is paid as ever",
  async ({ provider, change, differing: [claim, expected, told] }) => {
    const opened = await open[provider]();
    await tell(provider, { ...telling(provider, opened), ...change(opened) });
    await vi.waitFor(
      async () =>
        expect(await refusedEventsOf(opened.payment)).toEqual([
          { payment: opened.payment, contradictions: [{ claim, expected, told }] },
        ]),
      patience,
    );
    const acted =
      "select attempts from payment_events where provider_reference = $1 and contradictions is not null";
    expect(await inDatabase(acted, [opened.payment])).toEqual([{ attempts: 0 }]);
    expect((await buyer.readOrder(opened.order)).status).toBe("pending_payment");
    await opened.pay();
    await eventually(opened.order, "paid");
    expect(await reviewsOf(opened.order)).toEqual([]);
  },
);

test.concurrent.each(["stripe", "paypal"] as const)(
  "an event of %s that contradicts a paid order is shown, and the order stays paid",
  async (provider) => {
    const opened = await open[provider]();
    await opened.pay();
    await eventually(opened.order, "paid");
    const claims =
      provider === "stripe"
        ? { claims: { amount: 5 } }
        : purchase(() => ({ reference_id: "ord_another" }))(opened);
    await tell(provider, { ...telling(provider, opened), ...claims });
    await vi.waitFor(async () => expect(await refusedEventsOf(opened.payment)).toHaveLength(1), patience);
    expect((await buyer.readOrder(opened.order)).status).toBe("paid");
    expect(await reviewsOf(opened.order)).toEqual([]);
  },
);

test("money that claims to be for an attempt of ours which there is not is shown", async () => {
  const { services } = stack();
  const created = await fetch(`${services.stripe}/v1/payment_intents`, {
    method: "POST",
    headers: { authorization: `Bearer ${LOCAL_CREDENTIALS.stripeSecretKey}` },
    body: new URLSearchParams({
      amount: "1500",
      currency: "usd",
      "metadata[attempt_id]": "pay_none",
      payment_method: "pm_card_visa",
      confirm: "true",
      return_url: "https://shop.example/thanks",
    }),
  });
  const { id } = z.object({ id: z.string() }).parse(await created.json());
  await vi.waitFor(
    async () =>
      expect(await refusedEventsOf(id)).toEqual([
        { payment: id, contradictions: [{ claim: "attempt", expected: null, told: "pay_none" }] },
      ]),
    patience,
  );
});
