import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { Stripe } from "stripe";
import { expect, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { type Gate, openGate } from "#local/faults/gate";
import { Attempt, type Order, createBuyer } from "../buying.ts";
import { startOwnStack } from "../own-stack.ts";
import { createSeller } from "../selling.ts";
import { createShopClient } from "../shop-client.ts";
import { openPaypalDesk } from "./paypal-desk.ts";

export const patience = { timeout: 110_000, interval: 150 };

const Figures = z.object({
  under_way: z.boolean(),
  open: z.int(),
  lists: z.array(
    z.object({
      provider: z.string(),
      list: z.string(),
      pages: z.int(),
      compared: z.int(),
      suspected: z.int(),
      last_error: z.string().nullable(),
    }),
  ),
});
export type Figures = z.infer<typeof Figures>;

const Differences = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      provider: z.string(),
      kind: z.string(),
      status: z.string(),
      provider_reference: z.string(),
      order_id: z.string().nullable(),
      ours: z.object({ amount: z.int() }).nullable(),
      theirs: z.object({ amount: z.int() }).nullable(),
      note: z.string().nullable(),
    }),
  ),
});

/** A stack whose way to Stripe can be stopped, and whoever compares its books with the providers' records. */
export type Bookkeeper = Awaited<ReturnType<typeof openBooks>>;

export async function openBooks() {
  const gate: Gate = await openGate((line) => console.error(`gate: ${line}`));
  const stack = await startOwnStack({
    workerSettings: { STRIPE_API_URL: gate.url },
    leadTo: (services) => gate.leadTo(services.stripe),
  });
  const { api, services } = stack.addresses;
  const shop = createShopClient(api);
  const admin = await shop.adminToken();
  const buyer = createBuyer({ api, stripe: services.stripe });
  const seller = createSeller(api);
  const { hostname, port } = new URL(services.stripe);
  const stripe = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, { host: hostname, port, protocol: "http" });

  const figures = async (): Promise<Figures> =>
    (await shop.request("/admin/reconciliation", { token: admin })).as(Figures);
  const inDatabase = async (statement: string, values: unknown[] = []): Promise<unknown[]> => {
    const client = new Client({ connectionString: services.postgres });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement, values)).rows;
    } finally {
      await client.end();
    }
  };
  const steer = async (provider: "stripe" | "paypal", action: string, change: object): Promise<void> => {
    const address = `${services[provider]}/_simulator/${action}`;
    const response = await fetch(address, { method: "POST", body: JSON.stringify(change) });
    expect(response.status, await response.text()).toBe(200);
  };
  const start = async (): Promise<void> => {
    const call = { method: "POST", token: admin, json: {}, headers: { "idempotency-key": randomUUID() } };
    expect((await shop.request("/admin/reconciliation", call)).status).toBe(202);
  };
  const untilRested = (): Promise<Figures> =>
    vi.waitFor(async () => {
      const now = await figures();
      expect(now.under_way, JSON.stringify(now)).toBe(false);
      return now;
    }, patience);
  return {
    api,
    services,
    stack,
    gate,
    shop,
    admin,
    buyer,
    stripe,
    figures,
    inDatabase,
    steer,
    start,
    untilRested,
    paypalDesk: openPaypalDesk({ api, paypal: services.paypal }),
    /** Compares everything up to now. */
    reconcile: async (): Promise<Figures> => {
      await start();
      return untilRested();
    },
    order: async (price = 2000): Promise<Order> => {
      const { variantId } = await seller.stockVariant(1, price);
      return buyer.order({ [variantId]: 1 });
    },
    /** Starts a Stripe payment. @returns the payment intent's id. */
    startPayment: async (order: Order): Promise<{ attempt: Attempt; intent: string }> => {
      const attempt = (await buyer.startPayment(order)).as(Attempt);
      return { attempt, intent: attempt.client_secret.split("_secret")[0] ?? "" };
    },
    eventually: (order: Order, status: string): Promise<void> =>
      vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe(status), patience),
    /** From here on no webhook comes: those on their way have come, and nobody is acting on one any more. */
    silence: async (provider: "stripe" | "paypal"): Promise<void> => {
      await vi.waitFor(async () => {
        const response = await fetch(`${services[provider]}/_simulator/deliveries?limit=1000`);
        const { data } = z
          .object({ data: z.array(z.object({ status: z.string() })) })
          .parse(await response.json());
        expect(data.filter(({ status }) => status === "pending")).toEqual([]);
        expect(await inDatabase("select type from payment_events where processed_at is null")).toEqual([]);
      }, patience);
      await steer(provider, "faults", { drop_webhooks: true });
    },
    /** No sweep but the comparison looks after this order's payments. */
    leaveAlone: (order: Order) =>
      inDatabase("update payment_attempts set next_check_at = now() + interval '1 day' where order_id = $1", [
        order.id,
      ]),
    differencesOf: async (reference: string) => {
      const answer = await shop.request("/admin/payment-differences?limit=100", { token: admin });
      return answer
        .as(Differences)
        .data.filter((each) => each.provider_reference === reference || each.order_id === reference);
    },
    postingsOf: async (order: Order): Promise<Record<string, number>> => {
      const rows = await inDatabase(
        "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account",
        [order.id],
      );
      const sums = z.array(z.object({ account: z.string(), sum: z.int() })).parse(rows);
      return Object.fromEntries(sums.map(({ account, sum }) => [account, sum]));
    },
    /** The calls of a provider's API that fit, since it started. */
    callsOf: async (provider: "stripe" | "paypal", method: string, path: RegExp): Promise<number> => {
      const response = await fetch(`${services[provider]}/_simulator/calls`);
      const { data } = z
        .object({ data: z.array(z.object({ method: z.string(), path: z.string() })) })
        .parse(await response.json());
      return data.filter((call) => call.method === method && path.test(call.path)).length;
    },
    close: async (): Promise<void> => {
      await stack.end();
      await gate.close();
    },
  };
}
