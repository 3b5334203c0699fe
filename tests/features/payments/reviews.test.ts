import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";
import { type Opened, type Provider, open } from "./claim-cases.ts";
import { askPaypal, buyer, eventually, patience, seller } from "./paypal-buyer.ts";
import { distort, steer, tell } from "./steering.ts";

const stripeUrl = new URL(stack().services.stripe);
const stripe = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, {
  host: stripeUrl.hostname,
  port: stripeUrl.port,
  protocol: "http",
});

const Problem = z.object({ code: z.string(), contradictions: z.array(z.unknown()).optional() });
const signedIn = adminToken();

async function decide({ order }: Opened, decision: "accept" | "reject", key?: string) {
  return request(`/admin/orders/${order.id}/payment-review`, {
    method: "POST",
    token: await signedIn,
    json: { decision, note: `to ${decision} is right` },
    headers: key === undefined ? {} : { "idempotency-key": key },
  });
}

/** A payment that is authorised at its provider, of another sum than its order's. */
async function parkedSum(provider: Provider): Promise<Opened> {
  const opened = await open[provider]();
  const amount = { currency_code: "USD", value: "14.00" };
  const unit = { reference_id: opened.order.id, custom_id: opened.attemptId, amount };
  await distort(provider, opened.payment, provider === "stripe" ? { amount: 1400 } : { units: [unit] });
  await opened.pay();
  if (provider === "paypal") await askPaypal("POST", `/v2/checkout/orders/${opened.payment}/authorize`);
  await eventually(opened.order, "payment_review");
  return opened;
}

/** A sound payment whose order an event has stopped that names another. */
async function parkedByEvent(provider: Provider): Promise<Opened> {
  const opened = await open[provider]();
  const claims =
    provider === "stripe"
      ? { metadata: { order_id: "ord_another" } }
      : { purchase_units: [{ reference_id: "ord_another" }] };
  const type = provider === "stripe" ? "payment_intent.processing" : "CHECKOUT.ORDER.APPROVED";
  await tell(provider, { event_type: type, object: opened.payment, claims });
  await eventually(opened.order, "payment_review");
  return opened;
}

const Paypal = z.object({
  purchase_units: z.array(
    z.object({ payments: z.object({ authorizations: z.array(z.object({ status: z.string() })) }) }),
  ),
});

async function isReleased(provider: Provider, { payment }: Opened): Promise<boolean> {
  if (provider === "stripe") return (await stripe.paymentIntents.retrieve(payment)).status === "canceled";
  const order = Paypal.parse(await askPaypal("GET", `/v2/checkout/orders/${payment}`));
  return order.purchase_units[0]?.payments.authorizations[0]?.status === "VOIDED";
}

async function accountsOf({ id }: Order): Promise<Record<string, number>> {
  const rows = await inDatabase(
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account",
    [id],
  );
  const sums = z.array(z.object({ account: z.string(), sum: z.int() })).parse(rows);
  return Object.fromEntries(sums.map(({ account, sum }) => [account, sum]));
}

const statusOf = async ({ attemptId }: Opened) =>
  inDatabase("select status from payment_attempts where id = $1", [attemptId]);

test.concurrent.each(["stripe", "paypal"] as const)(
  "whoever rejects a payment of %s gives its authorisation back, cancels its order and releases its unit",
  async (provider) => {
    const opened = await parkedSum(provider);
    const rejected = await decide(opened, "reject");
    expect(rejected.as(Order).status).toBe("cancelled");
    await vi.waitFor(async () => expect(await isReleased(provider, opened)).toBe(true), patience);
    await vi.waitFor(async () => expect(await seller.available(opened.sku)).toBe(2), patience);
    await vi.waitFor(async () => expect(await statusOf(opened)).toEqual([{ status: "cancelled" }]), patience);
    expect(await accountsOf(opened.order)).toEqual({});
  },
);

test("money that was taken goes back, once, when its payment is rejected, and the books show both", async () => {
  const opened = await parkedSum("stripe");
  await stripe.paymentIntents.capture(opened.payment);
  expect((await decide(opened, "reject")).as(Order).status).toBe("cancelled");
  expect((await decide(opened, "reject")).as(Order).status).toBe("cancelled");
  await vi.waitFor(
    async () =>
      expect(await accountsOf(opened.order)).toEqual({
        "receivable:stripe": 0,
        sales: -1400,
        refunds: 1400,
      }),
    patience,
  );
  const { data: refunds } = await stripe.refunds.list({ payment_intent: opened.payment });
  expect(refunds.map(({ amount, status }) => ({ amount, status }))).toEqual([
    { amount: 1400, status: "succeeded" },
  ]);
  await vi.waitFor(async () => expect(await statusOf(opened)).toEqual([{ status: "captured" }]), patience);
});

test.concurrent.each(["stripe", "paypal"] as const)(
  "an order whose payment at %s is accepted goes on, and is paid when the buyer pays",
  async (provider) => {
    const opened = await parkedByEvent(provider);
    expect((await decide(opened, "accept")).as(Order).status).toBe("pending_payment");
    await opened.pay();
    await eventually(opened.order, "paid");
    expect(await accountsOf(opened.order)).toEqual({ [`receivable:${provider}`]: 1500, sales: -1500 });
  },
);

test("an accepted payment that is authorised already is captured at once, whatever it says whose it is", async () => {
  const opened = await open.stripe();
  await distort("stripe", opened.payment, { metadata: {} });
  await opened.pay();
  await vi.waitFor(async () => {
    await buyer.confirm(opened.order);
    expect((await buyer.readOrder(opened.order)).status).toBe("payment_review");
  }, patience);
  expect((await decide(opened, "accept")).as(Order)).toMatchObject({
    status: "paid",
    payment: { status: "captured" },
  });
  await vi.waitFor(async () => expect(await seller.available(opened.sku)).toBe(1), patience);
});

test.concurrent.each(["stripe", "paypal"] as const)(
  "a payment of %s of another sum is never accepted, and staff are told what differs",
  async (provider) => {
    const opened = await parkedSum(provider);
    const refused = await decide(opened, "accept");
    expect(refused.status).toBe(409);
    expect(refused.as(Problem)).toMatchObject({
      code: "payment_not_acceptable",
      contradictions: [{ claim: "amount", expected: 1500, told: 1400 }],
    });
    expect((await buyer.readOrder(opened.order)).status).toBe("payment_review");
    expect((await decide(opened, "reject")).as(Order).status).toBe("cancelled");
  },
);

test("the first decision holds, with its note and whose it was", async () => {
  const opened = await parkedByEvent("stripe");
  const key = randomUUID();
  const first = await decide(opened, "reject", key);
  const replay = await decide(opened, "reject", key);
  expect(replay.body).toEqual(first.body);
  expect(replay.headers.get("idempotent-replayed")).toBe("true");
  expect((await decide(opened, "accept")).as(Problem).code).toBe("invalid_transition");
  const token = await signedIn;
  const listed = await request(`/admin/payment-reviews?order_id=${opened.order.id}&state=decided`, { token });
  const Decided = z.object({
    data: z.array(z.object({ decision: z.string(), note: z.string(), decided_by: z.string() })),
  });
  const decided = {
    decision: "reject",
    note: "to reject is right",
    decided_by: expect.stringMatching(/usr_/),
  };
  expect(listed.as(Decided).data).toEqual([decided]);
});

test("of contrary decisions at the same time one holds, and the order is as it says", async () => {
  const opened = await parkedByEvent("stripe");
  await opened.pay();
  const decisions = ["accept", "reject", "accept", "reject"] as const;
  const answers = await Promise.all(decisions.map((decision) => decide(opened, decision)));
  const codes = answers.map((answer, at) =>
    answer.status === 200 ? decisions[at] : answer.as(Problem).code,
  );
  const held = codes.find((code) => code === "accept" || code === "reject");
  const others = codes.filter((code) => code !== held);
  for (const code of others) expect(["invalid_transition", "conflict"]).toContain(code);
  await eventually(opened.order, held === "accept" ? "paid" : "cancelled");
  if (held === "reject")
    await vi.waitFor(async () => expect(await isReleased("stripe", opened)).toBe(true), patience);
});

test("late news of a payment that is being rejected does not keep its money", async () => {
  const opened = await parkedByEvent("stripe");
  await Promise.all([opened.pay(), decide(opened, "reject")]);
  await eventually(opened.order, "cancelled");
  await vi.waitFor(async () => expect(await isReleased("stripe", opened)).toBe(true), patience);
  await vi.waitFor(async () => expect(await seller.available(opened.sku)).toBe(2), patience);
});

test("a decision stands although the provider breaks down, and is finished by itself", async () => {
  const opened = await parkedSum("stripe");
  const path = `/v1/payment_intents/${opened.payment}/cancel`;
  await steer("stripe", "strikes", { fault: "error_500", path, times: 6, stored: false });
  expect((await decide(opened, "reject")).as(Order).status).toBe("cancelled");
  expect(await isReleased("stripe", opened)).toBe(false);
  await steer("stripe", "strikes/lift", { containing: opened.payment });
  await vi.waitFor(async () => expect(await isReleased("stripe", opened)).toBe(true), patience);
});

test("an order that nothing is wrong with has no payment to decide on, and only staff decide", async () => {
  const opened = await open.stripe();
  expect((await decide(opened, "accept")).as(Problem).code).toBe("invalid_transition");
  const { token } = await registerCustomer();
  const json = { decision: "accept", note: "mine" };
  const path = `/admin/orders/${opened.order.id}/payment-review`;
  expect((await request(path, { method: "POST", token, json })).status).toBe(403);
});
