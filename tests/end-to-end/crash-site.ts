import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Client } from "pg";
import { Stripe } from "stripe";
import { expect, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { openGate, type Gate, type Point } from "#local/faults/gate";
import { createBuyer, type Order } from "../buying.ts";
import { findInventoryFiles } from "./inventory-files.ts";
import { type Money, openPaypalDesk } from "./paypal-desk.ts";
import { startOwnStack } from "../own-stack.ts";
import { createSeller, type StockedVariant } from "../selling.ts";
import { type Answer, createShopClient } from "../shop-client.ts";

/** Within this time everything is to be where it should, with no hand. */
export const healMsMax = 60_000;

/** How long a look at it is repeated: on a busy machine the looking itself takes time. */
export const patience = { timeout: 2 * healMsMax, interval: 100 };

const pointReachedMsMax = 45_000;

/** What a purchase is about: so many units in stock of each SKU, and one unit of each ordered. */
export type Ware = StockedVariant & { units: number };

const StockFigures = z.object({ on_hand: z.int(), held: z.int(), sold: z.int() });
const Movement = StockFigures.extend({
  seq: z.int(),
  kind: z.string(),
  quantity: z.int(),
  reservation_id: z.string().nullable(),
});
export type Movement = z.infer<typeof Movement>;

/** A stack with a gate before each service that a purchase depends on, and what a test needs to crash it and to look. */
export type CrashSite = Awaited<ReturnType<typeof openCrashSite>>;

export async function openCrashSite() {
  const faults = (line: string): void => console.error(`gate: ${line}`);
  const open = (): Promise<Gate> => openGate(faults);
  const [database, stripe, paypal, queue, mail] = await Promise.all([open(), open(), open(), open(), open()]);
  const gates = { database, stripe, paypal, queue, mail };
  const stack = await startOwnStack({
    workerSettings: {
      NEON_FETCH_ENDPOINT: `${database.url}/sql`,
      STRIPE_API_URL: stripe.url,
      PAYPAL_API_URL: paypal.url,
      QSTASH_URL: queue.url,
      MAIL_API_URL: mail.url,
    },
    leadTo: (services) => {
      database.leadTo(services.neon);
      stripe.leadTo(services.stripe);
      paypal.leadTo(services.paypal);
      queue.leadTo(services.queue);
      mail.leadTo(services.mail);
    },
  });
  const { api, services } = stack.addresses;
  const shop = createShopClient(api);
  const buyer = createBuyer({ api, stripe: services.stripe });
  const paypalDesk = openPaypalDesk({ api, paypal: services.paypal });
  const seller = createSeller(api);
  const admin = await shop.adminToken();
  const { hostname, port } = new URL(services.stripe);
  const provider = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, { host: hostname, port, protocol: "http" });

  const movements = async (sku: string): Promise<Movement[]> => {
    const answer = await shop.request(`/admin/inventory/${sku}/movements?limit=100`, { token: admin });
    return answer.as(z.object({ data: z.array(Movement) })).data;
  };
  return {
    gates,
    buyer,
    paypalDesk,
    movements,
    inventory: findInventoryFiles(join(stack.stateFolder, "worker")),
    /** Variants with three units each. */
    stock: (variants = 1, units = 3): Promise<Ware[]> =>
      Promise.all(
        Array.from({ length: variants }, async () => ({ ...(await seller.stockVariant(units)), units })),
      ),
    untilReached,
    /** Kills the Worker, changes the world while it is away, and starts it again. */
    crash: async (meanwhile: () => Promise<void>): Promise<void> => {
      await stack.kill("worker", "SIGKILL");
      await meanwhile();
      await stack.restart("worker");
    },
    /** Everything that the providers have of an order's money. */
    moneyOf: async (order: Order): Promise<Money[]> => {
      const { data } = await provider.paymentIntents.list({ limit: 100 });
      const intents = data.filter((intent) => intent.metadata["order_id"] === order.id);
      const atStripe = await Promise.all(
        intents.map(async ({ id, status, amount_received: received }) => {
          const refunds = await provider.refunds.list({ payment_intent: id });
          return { status, received, refunds: refunds.data.map(({ amount }) => amount) };
        }),
      );
      return [...atStripe, ...(await paypalDesk.moneyOf(order))];
    },
    /** Gives the money of all lines back and puts their units on sale again. */
    refund: (order: Order): Promise<Answer> =>
      shop.request(`/admin/orders/${order.id}/refunds`, {
        method: "POST",
        token: admin,
        headers: { "idempotency-key": randomUUID() },
        json: {
          restock: true,
          lines: order.lines.map(({ id, quantity }) => ({ order_line_id: id, quantity })),
        },
      }),
    /** Tells the simulator of Stripe what is to go wrong, or how time passes. */
    steerStripe: (action: "faults" | "clock", change: Record<string, unknown>): Promise<void> =>
      post(`${services.stripe}/_simulator/${action}`, change),
    historyOf: async (order: Order) => {
      const headers = { "order-token": order.access_token ?? "" };
      const answer = await shop.request(`/orders/${order.id}/events`, { headers });
      return answer.as(z.object({ data: z.array(z.object({ type: z.string(), at: z.coerce.date() })) })).data;
    },
    inDatabase: async (statement: string, values: unknown[]): Promise<void> => {
      const client = new Client({ connectionString: services.postgres });
      await client.connect();
      try {
        await client.query(statement, values);
      } finally {
        await client.end();
      }
    },
    mailsTo: async (recipient: string): Promise<string[]> => {
      const response = await fetch(`${services.mail}/messages?to=${encodeURIComponent(recipient)}`);
      return z
        .object({ messages: z.array(z.object({ subject: z.string() })) })
        .parse(await response.json())
        .messages.map(({ subject }) => subject);
    },
    close: async (): Promise<void> => {
      await stack.end();
      await Promise.all(Object.values(gates).map((gate: Gate) => gate.close()));
    },
  };
}

async function untilReached({ reached }: Pick<Point, "reached">, name: string): Promise<void> {
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => overdue.reject(new Error(`This point was not reached: ${name}.`)),
    pointReachedMsMax,
  );
  await Promise.race([reached, overdue.promise]);
  clearTimeout(timer);
}

async function post(url: string, json: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(json) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

export type Ending = "paid" | "cancelled" | "expired" | "refunded";
type Ended = { order: Order; wares: readonly Ware[]; ends: Ending };

/** The order is where it should be, and so are the money and every unit. */
export async function expectEnding(site: CrashSite, { order, wares, ends }: Ended): Promise<void> {
  await vi.waitFor(async () => expect((await site.buyer.readOrder(order)).status).toBe(ends), patience);
  const money = await site.moneyOf(order);
  const { amount } = order.total;
  if (ends === "paid") expect(money).toEqual([{ status: "succeeded", received: amount, refunds: [] }]);
  else if (ends === "refunded")
    expect(money).toEqual([{ status: "succeeded", received: amount, refunds: [amount] }]);
  else expect(money.every(({ status, received }) => status === "canceled" && received === 0)).toBe(true);
  const stock = {
    sold: ends === "paid" || ends === "refunded" ? 1 : 0,
    returned: ends === "refunded" ? 1 : 0,
  };
  for (const ware of wares) await expectStock(site, ware, stock);
}

type Moved = { sold: number; returned: number };

/** Nothing is stranded: what is left can be bought, to the last unit and not beyond it. */
async function expectStock(site: CrashSite, ware: Ware, { sold, returned }: Moved): Promise<void> {
  const { sku, variantId, units } = ware;
  await vi.waitFor(async () => {
    const [latest] = await site.movements(sku);
    expect(latest).toMatchObject({ on_hand: units + returned, held: 0, sold });
  }, patience);
  const journal = (await site.movements(sku)).map(({ seq }) => seq).reverse();
  expect(journal).toEqual(journal.map((_, position) => position + 1));
  await expectRemainder(site, variantId, units + returned - sold);
}

/** Exactly so many units can be ordered. */
export async function expectRemainder({ buyer }: CrashSite, variantId: string, left: number): Promise<void> {
  const tooMany = await buyer.placeOrder(await buyer.fillCart({ [variantId]: left + 1 }));
  expect(tooMany.status, JSON.stringify(tooMany.body)).toBe(409);
  const theRest = await buyer.placeOrder(await buyer.fillCart({ [variantId]: left }));
  expect(theRest.status, JSON.stringify(theRest.body)).toBe(201);
}

/** An address of its own for a buyer whose mails are looked at. */
export function newEmail(): string {
  return `${randomUUID()}@buyers.example`;
}
