import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { type Answer } from "../../shop-client.ts";
import { type Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
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
