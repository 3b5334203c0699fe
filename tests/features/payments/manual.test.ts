import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Problem = z.object({ code: z.string() });
const patience = { timeout: 25_000, interval: 200 };

function promiseToPay(order: Order) {
  return request("/payment/checkout", {
    method: "POST",
    json: { order_id: order.id, provider: "manual" },
    headers: { "idempotency-key": randomUUID(), "order-token": order.access_token ?? "" },
  });
}

test("a bank transfer commits its stock at once and is paid when staff have received it", async () => {
  const variant = await seller.stockVariant(2);
  const order = await buyer.order({ [variant.variantId]: 1 });
  expect((await promiseToPay(order)).status).toBe(201);
  await buyer.confirm(order);
  expect((await buyer.readOrder(order)).status).toBe("authorised");
  const token = await adminToken();
  const path = `/admin/orders/${order.id}/manual-payment`;
  const received = await request(path, { method: "POST", token });
  expect(received.as(Order)).toMatchObject({
    status: "paid",
    payment: { provider: "manual", status: "captured" },
  });
  expect((await request(path, { method: "POST", token })).as(Order).status).toBe("paid");
  await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(1), 10_000);
});

test("an order whose payment is at a provider has no manual payment to receive, until its buyer turns to one", async () => {
  const variant = await seller.stockVariant(1);
  const order = await buyer.order({ [variant.variantId]: 1 });
  await buyer.startPayment(order);
  expect((await receive(order)).as(Problem).code).toBe("invalid_transition");
  expect((await promiseToPay(order)).status).toBe(201);
  expect((await receive(order)).as(Order)).toMatchObject({ status: "paid", payment: { provider: "manual" } });
});

/** An order for the only unit, promised to be paid by bank transfer. */
async function promisedOrder() {
  const variant = await seller.stockVariant(1);
  const order = await buyer.order({ [variant.variantId]: 1 });
  await promiseToPay(order);
  await buyer.confirm(order);
  expect((await buyer.readOrder(order)).status).toBe("authorised");
  return { order, variant };
}

async function cancelBy(who: "buyer" | "staff", order: Order) {
  if (who === "staff")
    return request(`/admin/orders/${order.id}/cancel`, { method: "POST", token: await adminToken() });
  const headers = { "order-token": order.access_token ?? "" };
  return request(`/orders/${order.id}/cancel`, { method: "POST", headers });
}

async function receive(order: Order) {
  return request(`/admin/orders/${order.id}/manual-payment`, { method: "POST", token: await adminToken() });
}

test.each(["buyer", "staff"] as const)(
  "until its money is there the %s can cancel a bank transfer's order, and its units are on sale again",
  async (who) => {
    const { order, variant } = await promisedOrder();
    expect(await seller.available(variant.sku)).toBe(0);
    expect((await cancelBy(who, order)).as(Order)).toMatchObject({
      status: "cancelled",
      payment: { provider: "manual", status: "cancelled" },
    });
    expect((await cancelBy(who, order)).as(Order).status).toBe("cancelled");
    await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(1), patience);
    expect((await receive(order)).as(Problem).code).toBe("invalid_transition");
    expect((await buyer.readOrder(order)).status).toBe("cancelled");
  },
);

test("once its money is there nobody cancels a bank transfer's order any more", async () => {
  const { order } = await promisedOrder();
  expect((await receive(order)).as(Order).status).toBe("paid");
  for (const who of ["buyer", "staff"] as const)
    expect((await cancelBy(who, order)).as(Problem).code).toBe("invalid_transition");
  expect((await buyer.readOrder(order)).status).toBe("paid");
});

test("of a receipt and a cancellation at once, one happens", async () => {
  const { order } = await promisedOrder();
  const [received, cancelled] = await Promise.all([receive(order), cancelBy("buyer", order)]);
  const { status, payment } = await buyer.readOrder(order);
  const isPaid = status === "paid";
  expect([received.status, cancelled.status]).toEqual(isPaid ? [200, 409] : [409, 200]);
  expect(payment?.status).toBe(isPaid ? "captured" : "cancelled");
});
