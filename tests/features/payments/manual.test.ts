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

test("an order that is paid through a provider has no manual payment to receive", async () => {
  const variant = await seller.stockVariant(1);
  const order = await buyer.order({ [variant.variantId]: 1 });
  await buyer.startPayment(order);
  expect((await promiseToPay(order)).as(Problem).code).toBe("payment_in_progress");
  const path = `/admin/orders/${order.id}/manual-payment`;
  const refused = await request(path, { method: "POST", token: await adminToken() });
  expect(refused.as(Problem).code).toBe("invalid_transition");
});
