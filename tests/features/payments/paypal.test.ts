import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { type Answer } from "../../shop-client.ts";
import { Attempt as StripeAttempt, type Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const patience = { timeout: 20_000, interval: 200 };

const Attempt = z.object({ attempt_id: z.string(), approve_url: z.url() });
const Problem = z.object({ code: z.string() });

function startPaypal(order: Order): Promise<Answer> {
  return request("/payment/checkout", {
    method: "POST",
    json: { order_id: order.id, provider: "paypal", return_url: "https://shop.example/thanks" },
    headers: { "idempotency-key": randomUUID(), "order-token": order.access_token ?? "" },
  });
}

/** What the buyer does on PayPal's own page. */
async function approve(approveUrl: string, payer?: string): Promise<void> {
  const paypalOrder = new URL(approveUrl).searchParams.get("token");
  const response = await fetch(`${services.paypal}/_simulator/orders/${paypalOrder}/approve`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payer === undefined ? {} : { payer }),
  });
  expect(response.status).toBeLessThan(300);
}

async function newOrder(): Promise<{ order: Order; sku: string }> {
  const variant = await seller.stockVariant(2, 1500);
  return { order: await buyer.order({ [variant.variantId]: 1 }), sku: variant.sku };
}

function eventually(order: Order, status: string): Promise<void> {
  return vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe(status), patience);
}

test("an approved PayPal payment is authorised, its stock committed and its money captured", async () => {
  const { order, sku } = await newOrder();
  const attempt = (await startPaypal(order)).as(Attempt);
  await approve(attempt.approve_url);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment).toMatchObject({ provider: "paypal", status: "captured" });
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
});

test("a payment that PayPal declines leaves the order to be paid", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(Attempt);
  await approve(attempt.approve_url, "declined@buyer.example");
  await vi.waitFor(
    async () =>
      expect((await buyer.readHistory(order)).map(({ type }) => type)).toContain("order.payment_failed"),
    patience,
  );
  expect((await buyer.readOrder(order)).status).toBe("pending_payment");
});

test("a capture that PayPal refuses cancels the order and gives its unit back", async () => {
  const { order, sku } = await newOrder();
  const attempt = (await startPaypal(order)).as(Attempt);
  await approve(attempt.approve_url, "cannot-pay@buyer.example");
  await eventually(order, "cancelled");
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(2), patience);
});

test("an approval that comes for a cancelled order takes no money", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(Attempt);
  await buyer.cancel(order);
  await approve(attempt.approve_url);
  await buyer.confirm(order);
  expect((await buyer.readOrder(order)).status).toBe("cancelled");
});

test("an ended PayPal payment is soon looked at again, for its money may just be being reserved", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(Attempt);
  // As if the payment had been open for hours, so that its next look were far off.
  const age =
    "update payment_attempts set created_at = created_at - interval '7 hours', next_check_at = now() + interval '3 hours' where id = $1";
  await inDatabase(age, [attempt.attempt_id]);
  await buyer.cancel(order);
  const read =
    "select status, next_check_at < updated_at + interval '21 seconds' as soon from payment_attempts where id = $1";
  expect(await inDatabase(read, [attempt.attempt_id])).toEqual([{ status: "cancelled", soon: true }]);
  await inDatabase("update payment_attempts set next_check_at = now() where id = $1", [attempt.attempt_id]);
  await vi.waitFor(async () => {
    const looked = "select next_check_at > now() as looked from payment_attempts where id = $1";
    expect(await inDatabase(looked, [attempt.attempt_id])).toEqual([{ looked: true }]);
  }, patience);
});

test("a PayPal payment is refunded through PayPal", async () => {
  const { order } = await newOrder();
  await approve((await startPaypal(order)).as(Attempt).approve_url);
  await eventually(order, "paid");
  const refund = await request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    token: await adminToken(),
    json: { amount: 400, restock: false },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(refund.as(z.object({ status: z.string() })).status).toBe("succeeded");
  expect((await buyer.readOrder(order)).status).toBe("partially_refunded");
});

test("a webhook that PayPal did not sign is refused", async () => {
  const forged = await request("/webhooks/paypal", {
    method: "POST",
    json: { id: randomUUID(), event_type: "PAYMENT.CAPTURE.COMPLETED" },
    headers: { "paypal-transmission-id": randomUUID() },
  });
  expect(forged.as(Problem).code).toBe("invalid_signature");
});

const Token = z.object({ access_token: z.string() });
const PaypalOrder = z.object({
  purchase_units: z.array(
    z.object({
      payments: z
        .object({
          authorizations: z.array(z.object({ id: z.string(), status: z.string() })).default([]),
          captures: z.array(z.object({ id: z.string(), status: z.string() })).default([]),
        })
        .optional(),
    }),
  ),
});

/** Calls PayPal's API as we do ourselves: a call of ours that was under way when the buyer changed his mind. */
async function askPaypal(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
  const { paypalClientId: id, paypalClientSecret: secret } = LOCAL_CREDENTIALS;
  const issued = await fetch(`${services.paypal}/v1/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token: token } = Token.parse(await issued.json());
  const response = await fetch(`${services.paypal}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      prefer: "return=representation",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBeLessThan(300);
  return response.json();
}

async function paymentsAt(approveUrl: string) {
  const id = new URL(approveUrl).searchParams.get("token");
  const { purchase_units: units } = PaypalOrder.parse(await askPaypal("GET", `/v2/checkout/orders/${id}`));
  return { authorizations: [], captures: [], ...units[0]?.payments };
}

/** Takes the money that the buyer approved, past the shop. */
async function takeAt(approveUrl: string, what: "authorise" | "capture"): Promise<void> {
  const id = new URL(approveUrl).searchParams.get("token");
  await paypalFaults({ drop_webhooks: what === "capture" });
  await askPaypal("POST", `/v2/checkout/orders/${id}/authorize`);
  const [authorization] = (await paymentsAt(approveUrl)).authorizations;
  if (what === "capture") await askPaypal("POST", `/v2/payments/authorizations/${authorization?.id}/capture`);
  await paypalFaults({ drop_webhooks: false });
}

async function paypalFaults(faults: object): Promise<void> {
  await fetch(`${services.paypal}/_simulator/faults`, { method: "POST", body: JSON.stringify(faults) });
}

/** Has the sweep look after a payment whose webhooks were lost. */
async function hurrySweep(attemptId: string): Promise<void> {
  await inDatabase("update payment_attempts set next_check_at = now() where id = $1", [attemptId]);
}

async function postingsOf(order: Order): Promise<Record<string, number>> {
  const rows = await inDatabase(
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account",
    [order.id],
  );
  const sums = z.array(z.object({ account: z.string(), sum: z.int() })).parse(rows);
  return Object.fromEntries(sums.map(({ account, sum }) => [account, sum]));
}

async function openBoth() {
  const { order } = await newOrder();
  const paypal = (await startPaypal(order)).as(Attempt);
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  await approve(paypal.approve_url);
  return { order, paypal, stripe };
}

test("a buyer who turns from PayPal to Stripe and finishes both pays through Stripe only", async () => {
  const { order, paypal, stripe } = await openBoth();
  await buyer.payWith(stripe);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment?.provider).toBe("stripe");
  expect((await paymentsAt(paypal.approve_url)).authorizations).toEqual([]);
});

test("a buyer who turns from Stripe to PayPal can no longer pay through Stripe", async () => {
  const { order } = await newOrder();
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  const paypal = (await startPaypal(order)).as(Attempt);
  expect((await buyer.payWith(stripe)).status).toBe(400);
  await approve(paypal.approve_url);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment?.provider).toBe("paypal");
});

test("a buyer who has paid through Stripe already is not asked to pay through PayPal", async () => {
  const { order } = await newOrder();
  await buyer.authorise(order);
  const late = await startPaypal(order);
  expect(late.as(Problem).code).toBe("invalid_transition");
  await eventually(order, "paid");
});

test.each(["before", "after"] as const)(
  "a second authorisation at PayPal is given back, %s the first payment is done",
  async (when) => {
    const { order, paypal, stripe } = await openBoth();
    if (when === "after") await buyer.payWith(stripe);
    if (when === "after") await eventually(order, "paid");
    await takeAt(paypal.approve_url, "authorise");
    await vi.waitFor(async () => {
      const [authorization] = (await paymentsAt(paypal.approve_url)).authorizations;
      expect(authorization?.status).toBe("VOIDED");
    }, patience);
    if (when === "before") await buyer.payWith(stripe);
    await eventually(order, "paid");
    expect(await postingsOf(order)).toEqual({ "receivable:stripe": 1500, sales: -1500 });
  },
);

test.each(["before", "after"] as const)(
  "money taken twice goes back once, %s the first payment is done, and the books show it",
  async (when) => {
    const { order, paypal, stripe } = await openBoth();
    if (when === "after") await buyer.payWith(stripe);
    if (when === "after") await eventually(order, "paid");
    await takeAt(paypal.approve_url, "capture");
    await hurrySweep(paypal.attempt_id);
    await vi.waitFor(async () => {
      const [capture] = (await paymentsAt(paypal.approve_url)).captures;
      expect(capture?.status).toBe("REFUNDED");
    }, patience);
    if (when === "before") await buyer.payWith(stripe);
    await eventually(order, "paid");
    await vi.waitFor(
      async () =>
        expect(await postingsOf(order)).toEqual({
          "receivable:stripe": 1500,
          "receivable:paypal": 0,
          sales: -3000,
          refunds: 1500,
        }),
      patience,
    );
    expect(await buyer.readOrder(order)).toMatchObject({ status: "paid", payment: { provider: "stripe" } });
  },
);

test("money that PayPal took for a cancelled order of two payments goes back", async () => {
  const { order, paypal } = await openBoth();
  await buyer.cancel(order);
  await takeAt(paypal.approve_url, "capture");
  await hurrySweep(paypal.attempt_id);
  await vi.waitFor(async () => {
    const [capture] = (await paymentsAt(paypal.approve_url)).captures;
    expect(capture?.status).toBe("REFUNDED");
  }, patience);
  expect((await buyer.readOrder(order)).status).toBe("cancelled");
});

test("a second authorisation at Stripe is given back, however late it comes", async () => {
  const { order } = await newOrder();
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  // Stripe's own news of the new payment must not open it again below.
  const intent = stripe.client_secret.split("_secret")[0];
  await vi.waitFor(async () => {
    const read = "select 1 from payment_events where provider_reference = $1 and processed_at is not null";
    expect(await inDatabase(read, [intent])).not.toEqual([]);
  }, patience);
  // As if Stripe had confirmed an end that it did not carry out.
  await inDatabase("update payment_attempts set status = 'cancelled' where id = $1", [stripe.attempt_id]);
  const paypal = (await startPaypal(order)).as(Attempt);
  await approve(paypal.approve_url);
  await eventually(order, "paid");
  await buyer.payWith(stripe);
  await vi.waitFor(async () => {
    const again = await buyer.payWith(stripe);
    expect(again.status).toBe(400);
  }, patience);
  expect(await postingsOf(order)).toEqual({ "receivable:paypal": 1500, sales: -1500 });
});

const Disputes = z.object({
  data: z.array(
    z.object({
      order_id: z.string(),
      provider: z.string(),
      status: z.string(),
      amount: z.object({ amount: z.int() }),
    }),
  ),
});

async function disputesOf(order: Order, token: string) {
  const { data } = (await request("/admin/disputes?limit=100", { token })).as(Disputes);
  return data.filter((dispute) => dispute.order_id === order.id);
}

test("a PayPal dispute is recorded when it is opened and when it is decided", async () => {
  const token = await adminToken();
  const { order } = await newOrder();
  const { approve_url: approveUrl } = (await startPaypal(order)).as(Attempt);
  await approve(approveUrl, "dispute@buyer.example");
  await eventually(order, "paid");
  const recorded = { order_id: order.id, provider: "paypal", amount: { amount: 1500 } };
  const opened = { timeout: 25_000, interval: 500 };
  await vi.waitFor(
    async () => expect(await disputesOf(order, token)).toEqual([{ ...recorded, status: "open" }]),
    opened,
  );
  const [capture] = (await paymentsAt(approveUrl)).captures;
  const decided = await fetch(`${services.paypal}/_simulator/captures/${capture?.id}/dispute`, {
    method: "POST",
    body: JSON.stringify({ status: "RESOLVED", outcome: "RESOLVED_BUYER_FAVOUR" }),
  });
  expect(decided.status).toBe(200);
  await vi.waitFor(
    async () => expect(await disputesOf(order, token)).toEqual([{ ...recorded, status: "lost" }]),
    patience,
  );
});

test("a refund in PayPal's dashboard is booked with us, and what it gave is not given again", async () => {
  const { order } = await newOrder();
  const { approve_url: approveUrl } = (await startPaypal(order)).as(Attempt);
  await approve(approveUrl);
  await eventually(order, "paid");
  const [capture] = (await paymentsAt(approveUrl)).captures;
  await askPaypal("POST", `/v2/payments/captures/${capture?.id}/refund`, {
    amount: { currency_code: "USD", value: "9.00" },
    custom_id: "something else",
  });
  await eventually(order, "partially_refunded");
  const tooMuch = await request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    token: await adminToken(),
    json: { amount: 700, restock: false },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(tooMuch.as(Problem).code).toBe("refund_exceeds_payment");
});
