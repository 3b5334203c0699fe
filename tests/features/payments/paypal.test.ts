import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { webhookEventTypes } from "#features/payments/event-types";
import { type Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import {
  PaypalAttempt,
  approve,
  askPaypal,
  buyer,
  eventually,
  newOrder,
  patience,
  paymentsAt,
  seller,
  startPaypal,
} from "./paypal-buyer.ts";

const { services } = stack();
const Problem = z.object({ code: z.string() });

test("an approved PayPal payment is authorised, its stock committed and its money captured", async () => {
  const { order, sku } = await newOrder();
  const attempt = (await startPaypal(order)).as(PaypalAttempt);
  await approve(attempt.approve_url);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment).toMatchObject({ provider: "paypal", status: "captured" });
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
});

test("a payment that PayPal declines leaves the order to be paid", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(PaypalAttempt);
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
  const attempt = (await startPaypal(order)).as(PaypalAttempt);
  await approve(attempt.approve_url, "cannot-pay@buyer.example");
  await eventually(order, "cancelled");
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(2), patience);
});

test("an approval that comes for a cancelled order takes no money", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(PaypalAttempt);
  await buyer.cancel(order);
  await approve(attempt.approve_url);
  await buyer.confirm(order);
  expect((await buyer.readOrder(order)).status).toBe("cancelled");
});

test("an ended PayPal payment is soon looked at again, for its money may just be being reserved", async () => {
  const { order } = await newOrder();
  const attempt = (await startPaypal(order)).as(PaypalAttempt);
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
  await approve((await startPaypal(order)).as(PaypalAttempt).approve_url);
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

test("PayPal tells the shop what can move an order and nothing else", async () => {
  const Webhooks = z.object({
    webhooks: z.array(z.object({ event_types: z.array(z.object({ name: z.string() })) })),
  });
  const { webhooks } = Webhooks.parse(await askPaypal("GET", "/v1/notifications/webhooks"));
  expect(webhooks).toEqual([{ event_types: webhookEventTypes.paypal.map((name) => ({ name })) }]);
});

test("a webhook that PayPal did not sign is refused", async () => {
  const forged = await request("/webhooks/paypal", {
    method: "POST",
    json: { id: randomUUID(), event_type: "PAYMENT.CAPTURE.COMPLETED" },
    headers: { "paypal-transmission-id": randomUUID() },
  });
  expect(forged.as(Problem).code).toBe("invalid_signature");
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
  const { approve_url: approveUrl } = (await startPaypal(order)).as(PaypalAttempt);
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
  const { approve_url: approveUrl } = (await startPaypal(order)).as(PaypalAttempt);
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
