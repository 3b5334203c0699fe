import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Attempt, Order, createBuyer } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Problem = z.object({ code: z.string() });
const patience = { timeout: 50_000, interval: 200 };

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
  await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(1), 25_000);
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
    await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(0), patience);
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

test("a buyer who promised a bank transfer pays by card instead, however long ago that was", async () => {
  const { order, variant } = await promisedOrder();
  await inDatabase("update orders set hold_expires_at = now() - interval '2 days' where id = $1", [order.id]);
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  expect((await receive(order)).as(Problem).code).toBe("invalid_transition");
  await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(0), patience);
  await buyer.payWith(attempt);
  await vi.waitFor(
    async () =>
      expect(await buyer.readOrder(order)).toMatchObject({
        status: "paid",
        payment: { provider: "stripe", status: "captured" },
      }),
    patience,
  );
  const booked =
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by 1 order by 1";
  expect(await inDatabase(booked, [order.id])).toEqual([
    { account: "receivable:stripe", sum: 1999 },
    { account: "sales", sum: -1999 },
  ]);
});

test("a buyer who turns from a bank transfer to a card and pays neither gives the unit back", async () => {
  const { order, variant } = await promisedOrder();
  await buyer.startPayment(order);
  await inDatabase("update orders set hold_expires_at = now() - interval '1 second' where id = $1", [
    order.id,
  ]);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("expired"), patience);
  await vi.waitFor(async () => expect(await seller.available(variant.sku)).toBe(1), patience);
});

test("once its money is there nobody pays a bank transfer's order by card", async () => {
  const { order } = await promisedOrder();
  expect((await receive(order)).as(Order).status).toBe("paid");
  expect((await buyer.startPayment(order)).as(Problem).code).toBe("invalid_transition");
});

test.each([1, 2, 3])("of a receipt and a turn to the card at once, one happens (%i)", async () => {
  const { order } = await promisedOrder();
  const [received, turned] = await Promise.all([receive(order), buyer.startPayment(order)]);
  const { status, payment } = await buyer.readOrder(order);
  const isPaid = status === "paid";
  expect(received.status).toBe(isPaid ? 200 : 409);
  expect(turned.status).toBe(isPaid ? 409 : 201);
  expect(payment?.provider).toBe(isPaid ? "manual" : "stripe");
});
