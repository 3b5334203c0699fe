import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { type Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { type Answer } from "../../shop-client.ts";
import { request, stack } from "../../stack.ts";
import { steer } from "./steering.ts";

const { api, services } = stack();
export const buyer = createBuyer({ api, stripe: services.stripe });
export const seller = createSeller(api);
export const patience = { timeout: 50_000, interval: 200 };

export const PaypalAttempt = z.object({ attempt_id: z.string(), approve_url: z.url() });

export function startPaypal(order: Order): Promise<Answer> {
  return request("/payment/checkout", {
    method: "POST",
    json: { order_id: order.id, provider: "paypal", return_url: "https://shop.example/thanks" },
    headers: { "idempotency-key": randomUUID(), "order-token": order.access_token ?? "" },
  });
}

/** What the buyer does on PayPal's own page. */
export async function approve(approveUrl: string, payer?: string): Promise<void> {
  const paypalOrder = new URL(approveUrl).searchParams.get("token");
  const response = await fetch(`${services.paypal}/_simulator/orders/${paypalOrder}/approve`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payer === undefined ? {} : { payer }),
  });
  expect(response.status).toBeLessThan(300);
}

export async function newOrder(): Promise<{ order: Order; sku: string }> {
  const variant = await seller.stockVariant(2, 1500);
  return { order: await buyer.order({ [variant.variantId]: 1 }), sku: variant.sku };
}

export function eventually(order: Order, status: string): Promise<void> {
  return vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe(status), patience);
}

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
export async function askPaypal(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
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

export async function paymentsAt(approveUrl: string) {
  const id = new URL(approveUrl).searchParams.get("token");
  const { purchase_units: units } = PaypalOrder.parse(await askPaypal("GET", `/v2/checkout/orders/${id}`));
  return { authorizations: [], captures: [], ...units[0]?.payments };
}

/** Takes the money that the buyer approved, past the shop. */
export async function takeAt(approveUrl: string, what: "authorise" | "capture"): Promise<void> {
  const id = new URL(approveUrl).searchParams.get("token");
  const told = { fault: "drop_webhook", containing: id, times: 100 };
  if (what === "capture") await steer("paypal", "strikes", told);
  await askPaypal("POST", `/v2/checkout/orders/${id}/authorize`);
  const [authorization] = (await paymentsAt(approveUrl)).authorizations;
  if (what === "capture") await askPaypal("POST", `/v2/payments/authorizations/${authorization?.id}/capture`);
  await steer("paypal", "strikes/lift", { containing: id });
}
