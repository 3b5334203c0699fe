import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import type { Order } from "../buying.ts";
import { createShopClient } from "../shop-client.ts";

/** A payment at the provider, with the amounts that were given back. */
export type Money = { status: string; received: number; refunds: number[] };

const Amount = z.object({ value: z.string() }).transform(({ value }) => Math.round(Number(value) * 100));
const Payments = z.object({
  authorizations: z.array(z.object({ id: z.string() })).default([]),
  captures: z.array(z.object({ id: z.string(), status: z.string(), amount: Amount })).default([]),
  refunds: z.array(z.object({ status: z.string(), amount: Amount })).default([]),
});
const PaypalOrder = z.object({
  purchase_units: z.tuple([z.object({ payments: Payments.optional() })]),
});

/** What a buyer does at PayPal, and what PayPal has of it. */
export function openPaypalDesk({ api, paypal }: { api: string; paypal: string }) {
  const { request } = createShopClient(api);
  const paypalOrders = new Map<string, string>();
  const token = async (): Promise<string> => {
    const { paypalClientId: id, paypalClientSecret: secret } = LOCAL_CREDENTIALS;
    const response = await fetch(`${paypal}/v1/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
  };
  /** Calls PayPal's API past the shop, as its dashboard does. */
  const ask = async (method: "GET" | "POST", path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${paypal}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        "content-type": "application/json",
        prefer: "return=representation",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
    return response.json();
  };
  const pathOf = (order: Order): string => `/v2/checkout/orders/${paypalOrders.get(order.id)}`;
  return {
    ask,
    /** The id of what was captured. */
    captureOf: async (order: Order): Promise<string> => {
      const [{ payments }] = PaypalOrder.parse(await ask("GET", pathOf(order))).purchase_units;
      return payments?.captures[0]?.id ?? "";
    },
    /** Authorises and captures what the buyer approved, past the shop. */
    take: async (order: Order): Promise<void> => {
      const authorised = await ask("POST", `${pathOf(order)}/authorize`);
      const [{ payments }] = PaypalOrder.parse(authorised).purchase_units;
      await ask("POST", `/v2/payments/authorizations/${payments?.authorizations[0]?.id}/capture`, {});
    },
    /** Starts the payment and approves it on PayPal's page; the buyer has not come back to the shop yet. */
    approve: async (order: Order, payer?: string): Promise<void> => {
      const started = await request("/payment/checkout", {
        method: "POST",
        json: { order_id: order.id, provider: "paypal", return_url: "https://shop.example/thanks" },
        headers: { "idempotency-key": randomUUID(), "order-token": order.access_token ?? "" },
      });
      const { approve_url: approveUrl } = started.as(z.object({ approve_url: z.url() }));
      const paypalOrder = z.string().parse(new URL(approveUrl).searchParams.get("token"));
      paypalOrders.set(order.id, paypalOrder);
      const approved = await fetch(`${paypal}/_simulator/orders/${paypalOrder}/approve`, {
        method: "POST",
        body: JSON.stringify(payer === undefined ? {} : { payer }),
      });
      expect(approved.status, await approved.text()).toBe(200);
    },
    moneyOf: async (order: Order): Promise<Money[]> => {
      const paypalOrder = paypalOrders.get(order.id);
      if (paypalOrder === undefined) return [];
      const headers = { authorization: `Bearer ${await token()}` };
      const response = await fetch(`${paypal}/v2/checkout/orders/${paypalOrder}`, { headers });
      const [{ payments }] = PaypalOrder.parse(await response.json()).purchase_units;
      const taken = ["COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED"];
      return (payments?.captures ?? []).map(({ status, amount }) => ({
        status: taken.includes(status) ? "succeeded" : status,
        received: amount,
        refunds: (payments?.refunds ?? []).map((refund) => refund.amount),
      }));
    },
  };
}
