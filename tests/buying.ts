import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, createShopClient } from "./shop-client.ts";

export const address = { name: "Test Buyer", line1: "1 Harbour Road", city: "Porto", country: "PT" };

export const Cart = z.object({
  id: z.string(),
  token: z.string().optional(),
  lines: z.array(z.object({ id: z.string(), sku: z.string(), quantity: z.int() })),
  total: z.object({ amount: z.int(), currency: z.string() }),
  quote_hash: z.string(),
});
export type Cart = z.infer<typeof Cart>;

export const Order = z.object({
  id: z.string(),
  number: z.int().nullable(),
  status: z.string(),
  total: z.object({ amount: z.int(), currency: z.string() }),
  lines: z.array(z.object({ id: z.string(), sku: z.string(), quantity: z.int() })),
  payment: z
    .object({ provider: z.string(), status: z.string(), failure_code: z.string().nullable() })
    .nullable(),
  fulfilments: z.array(z.object({ id: z.string(), status: z.string() })),
  access_token: z.string().optional(),
  version: z.int(),
});
export type Order = z.infer<typeof Order>;

export const Attempt = z.object({
  attempt_id: z.string(),
  status: z.string(),
  client_secret: z.string(),
  publishable_key: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

type Shop = { api: string; stripe: string };
type OrderChanges = { key?: string; json?: Record<string, unknown>; token?: string };

/** What a buyer does over HTTP; a guest unless an access token is given. */
export function createBuyer({ api, stripe }: Shop) {
  const { request } = createShopClient(api);
  const orderHeaders = (order: Order): Record<string, string> =>
    order.access_token === undefined ? {} : { "order-token": order.access_token };
  const buyer = {
    fillCart: async (items: Record<string, number>, token?: string): Promise<Cart> => {
      let cart: Cart | undefined;
      for (const [variantId, quantity] of Object.entries(items)) {
        const answer = await request("/cart", {
          method: "POST",
          json: { variant_id: variantId, quantity },
          headers: cart?.token === undefined ? {} : { "cart-token": cart.token },
          ...(token === undefined ? {} : { token }),
        });
        cart = answer.as(Cart);
      }
      if (cart === undefined) throw new Error("nothing to put into the cart");
      return cart;
    },
    placeOrder: (cart: Cart, { key = randomUUID(), json = {}, token }: OrderChanges = {}): Promise<Answer> =>
      request("/orders", {
        method: "POST",
        json: { quote_hash: cart.quote_hash, email: "buyer@example.com", shipping_address: address, ...json },
        headers: {
          "idempotency-key": key,
          ...(cart.token === undefined ? {} : { "cart-token": cart.token }),
        },
        ...(token === undefined ? {} : { token }),
      }),
    order: async (items: Record<string, number>): Promise<Order> =>
      (await buyer.placeOrder(await buyer.fillCart(items))).as(Order),
    startPayment: (order: Order, key: string = randomUUID()): Promise<Answer> =>
      request("/payment/checkout", {
        method: "POST",
        json: { order_id: order.id, provider: "stripe" },
        headers: { "idempotency-key": key, ...orderHeaders(order) },
      }),
    /** Confirms the payment intent as Stripe's own client in the buyer's browser does. */
    payWith: async (attempt: Attempt, paymentMethod = "pm_card_visa"): Promise<{ status: number }> => {
      const intentId = attempt.client_secret.split("_secret")[0];
      const response = await fetch(`${stripe}/v1/payment_intents/${intentId}/confirm`, {
        method: "POST",
        headers: { authorization: `Bearer ${attempt.publishable_key}` },
        body: new URLSearchParams({
          payment_method: paymentMethod,
          client_secret: attempt.client_secret,
          return_url: "https://shop.example/thanks",
        }),
      });
      await response.text();
      return { status: response.status };
    },
    confirm: (order: Order): Promise<Answer> =>
      request("/payment/confirm", {
        method: "POST",
        json: { order_id: order.id },
        headers: { "idempotency-key": randomUUID(), ...orderHeaders(order) },
      }),
    cancel: (order: Order): Promise<Answer> =>
      request(`/orders/${order.id}/cancel`, { method: "POST", headers: orderHeaders(order) }),
    readOrder: async (order: Order): Promise<Order> =>
      (await request(`/orders/${order.id}`, { headers: orderHeaders(order) })).as(Order),
    readHistory: async (order: Order) =>
      (await request(`/orders/${order.id}/events`, { headers: orderHeaders(order) })).as(History).data,
    /** Pays an order with a good card, up to the provider's authorisation. */
    authorise: async (order: Order): Promise<Attempt> => {
      const attempt = (await buyer.startPayment(order)).as(Attempt);
      await buyer.payWith(attempt);
      return attempt;
    },
  };
  return buyer;
}

const History = z.object({
  data: z.array(z.object({ sequence: z.int(), type: z.string(), data: z.record(z.string(), z.unknown()) })),
});
