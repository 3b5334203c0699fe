import { afterEach, beforeEach, expect, test } from "vitest";
import { type EpochMs, currentTime, dayMs, epochMs, hourMs, minuteMs } from "#core/time";
import type { ProviderRecord } from "#core/payment-records";
import type { PaymentRecords } from "#providers/payment-records";
import { paypalRecords } from "#providers/paypal-records";
import { stripeRecords } from "#providers/stripe-records";
import * as paypalSimulator from "./paypal-simulator.ts";
import * as stripeSimulator from "./stripe-simulator.ts";

let stripe: stripeSimulator.Simulator;
let paypal: paypalSimulator.Simulator;
beforeEach(async () => {
  [stripe, paypal] = await Promise.all([stripeSimulator.startSimulator(), paypalSimulator.startSimulator()]);
});
afterEach(() => Promise.all([stripe.stopAndForget(), paypal.stopAndForget()]));

/** Everything in a list, page by page. */
async function walk(records: PaymentRecords, name: string, from: EpochMs): Promise<ProviderRecord[]> {
  const until = epochMs(currentTime() + dayMs);
  const found: ProviderRecord[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await records.list(name, { from, until, cursor });
    found.push(...page.records);
    if (page.next === undefined) return found;
    cursor = page.next;
  }
}

const lately = () => epochMs(currentTime() - hourMs);

async function payAtStripe(paymentMethod = "pm_card_visa", attemptId = "pay_1") {
  const intent = await stripe.client.paymentIntents.create({
    amount: 2500,
    currency: "usd",
    capture_method: "manual",
    confirm: true,
    payment_method: paymentMethod,
    metadata: { order_id: "ord_1", attempt_id: attemptId },
  });
  return intent.id;
}

async function captureAtPaypal(payer?: string): Promise<{ orderId: string; captureId: string }> {
  const orderId = await paypalSimulator.approvedOrder(paypal, {
    invoiceId: "attempt-1",
    ...(payer === undefined ? {} : { payer }),
  });
  const { authorizationId } = await paypalSimulator.authorize(paypal, orderId);
  const { id } = await paypal.client.ask(({ payments }) =>
    payments.captureAuthorizedPayment({ authorizationId, body: { finalCapture: true } }),
  );
  return { orderId, captureId: paypalSimulator.textOf(id) };
}

test("Stripe's payments are listed page by page, each with what it says of the money", async () => {
  const records = stripeRecords(stripe.client);
  for (let count = 0; count < 101; count++)
    await stripe.client.paymentIntents.create({ amount: 100, currency: "usd" });
  const reference = await payAtStripe();
  await stripe.client.paymentIntents.capture(reference);
  const found = await walk(records, "payments", lately());
  expect(found).toHaveLength(102);
  expect(found[0]).toMatchObject({
    kind: "payment",
    payment: {
      mode: "test",
      facts: { reference, state: "captured", capturedAmount: 2500, attemptId: "pay_1" },
    },
  });
});

test("Stripe's movements name a capture and a refund when they happen, long after the payment began", async () => {
  const records = stripeRecords(stripe.client);
  const reference = await payAtStripe();
  await stripe.steer("clock", { advance_seconds: 2 * 60 * 60 });
  const later = epochMs(currentTime() + hourMs);
  expect(await walk(records, "movements", later)).toEqual([]);
  await stripe.client.paymentIntents.capture(reference);
  const refund = await stripe.client.refunds.create({ payment_intent: reference, amount: 900 });
  expect(await walk(records, "payments", later)).toEqual([]);
  expect(await walk(records, "movements", later)).toEqual([
    { kind: "refund", of: { reference }, reference: refund.id, hasFailed: false },
    { kind: "capture", of: { reference, attemptId: "pay_1" }, amount: 2500, currency: "USD" },
  ]);
});

test("Stripe's disputes are listed, and read with their payment", async () => {
  const records = stripeRecords(stripe.client);
  const reference = await payAtStripe("pm_card_createDispute");
  await stripe.client.paymentIntents.capture(reference);
  await stripe.steer("clock", { advance_seconds: 10 });
  const [listed] = await walk(records, "disputes", lately());
  expect(listed).toMatchObject({ kind: "dispute", of: { reference }, isDecided: false });
  const read = await records.read(reference);
  expect(read?.disputes).toMatchObject([{ status: "open", amount: 2500, currency: "USD" }]);
  expect(await records.read("pi_unknown")).toBeUndefined();
});

test("PayPal's reports name captures and refunds, by what we called the payment", async () => {
  const records = paypalRecords(paypal.client);
  const { orderId, captureId } = await captureAtPaypal();
  const refund = await paypal.client.ask(({ payments }) =>
    payments.refundCapturedPayment({
      captureId,
      body: { amount: { currencyCode: "USD", value: "9.00" }, customId: "something else" },
    }),
  );
  const found = await walk(records, "movements", lately());
  const of = { captureId, attemptId: "attempt-1" };
  expect(found.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
    { kind: "capture", of, amount: 2500, currency: "USD" },
    { kind: "refund", of, reference: refund.id, hasFailed: false },
  ]);
  expect(await records.find({ captureId })).toBe(orderId);
  expect(await records.find({ captureId: "0UNKNOWN000000000" })).toBeUndefined();
  expect((await records.read(orderId))?.facts).toMatchObject({ capturedAmount: 2500, refundedAmount: 900 });
});

test("PayPal's reports may lag, and are about 31 days at most", async () => {
  const records = paypalRecords(paypal.client);
  await captureAtPaypal();
  await paypal.steer("reporting", { lag_seconds: 600 });
  expect(await walk(records, "movements", lately())).toEqual([]);
  await paypal.steer("clock", { advance_seconds: 600 });
  expect(await walk(records, "movements", lately())).toHaveLength(1);
  const month = { from: epochMs(currentTime() - 32 * dayMs), until: currentTime(), cursor: undefined };
  await expect(records.list("movements", month)).rejects.toMatchObject({ statusCode: 400 });
});

test("PayPal's disputes are listed by their last change, and lead to their payment", async () => {
  const records = paypalRecords(paypal.client);
  const { orderId, captureId } = await captureAtPaypal("dispute@buyer.example");
  await paypal.steer("clock", { advance_seconds: 10 });
  const [listed] = await walk(records, "disputes", lately());
  expect(listed).toMatchObject({ kind: "dispute", isDecided: false });
  expect(await records.find(listed?.kind === "dispute" ? listed.of : {})).toBe(orderId);
  expect((await records.read(orderId))?.disputes).toMatchObject([{ status: "open", amount: 2500 }]);
  await paypal.steer("clock", { advance_seconds: 3_600 });
  const later = epochMs(currentTime() + 30 * minuteMs);
  expect(await walk(records, "disputes", later)).toEqual([]);
  const outcome = { status: "RESOLVED", outcome: "RESOLVED_BUYER_FAVOUR" };
  await paypal.steer(`captures/${captureId}/dispute`, outcome);
  expect(await walk(records, "disputes", later)).toMatchObject([{ kind: "dispute", isDecided: true }]);
  expect((await records.read(orderId))?.disputes).toMatchObject([{ status: "lost" }]);
});
