import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Attempt, createBuyer, type Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { createSeller } from "../../selling.ts";
import { stack } from "../../stack.ts";
import { steer } from "./steering.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const patience = { timeout: 50_000, interval: 200 };
const forever = 1_000_000;
const Problem = z.object({ code: z.string() });
const Status = z.object({ status: z.string() });

type Breakdown = { times: number; stored: boolean; effect: boolean };

/** Makes Stripe answer 500 to this call for this payment. */
function breakStripe(intent: string, call: "capture" | "cancel", how: Breakdown): Promise<void> {
  const path = `/v1/payment_intents/${intent}/${call}`;
  return steer("stripe", "strikes", { fault: "error_500", path, ...how });
}

function mendStripe(intent: string): Promise<void> {
  return steer("stripe", "strikes/lift", { containing: intent });
}

type Opened = { order: Order; attempt: Attempt; intent: string; sku: string };

async function openPayment(): Promise<Opened> {
  const { variantId, sku } = await seller.stockVariant(1);
  const order = await buyer.order({ [variantId]: 1 });
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  return { order, attempt, sku, intent: attempt.client_secret.split("_secret")[0] ?? "" };
}

function eventually(order: Order, status: string): Promise<void> {
  return vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe(status), patience);
}

test("a capture that took effect without an answer is found out by reading, and the order is paid once", async () => {
  const { order, attempt, intent } = await openPayment();
  await breakStripe(intent, "capture", { times: 1, stored: true, effect: true });
  await buyer.payWith(attempt);
  await eventually(order, "paid");
  const types = (await buyer.readHistory(order)).map(({ type }) => type);
  expect(types.filter((type) => type === "order.paid")).toHaveLength(1);
});

test("while nobody knows whether the money was taken, the order says so, keeps its stock and answers 202", async () => {
  const { order, attempt, intent, sku } = await openPayment();
  await breakStripe(intent, "capture", { times: forever, stored: false, effect: false });
  await buyer.payWith(attempt);
  await eventually(order, "payment_unknown");
  const confirmed = await buyer.confirm(order);
  expect(confirmed.status).toBe(202);
  expect(confirmed.headers.get("location")).toBe(`/orders/${order.id}`);
  expect(confirmed.as(Status).status).toBe("payment_unknown");
  expect((await buyer.cancel(order)).as(Problem).code).toBe("payment_outcome_unknown");
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(0), patience);
  await mendStripe(intent);
  await vi.waitFor(async () => expect((await buyer.confirm(order)).status).toBe(200), patience);
  expect((await buyer.readOrder(order)).status).toBe("paid");
});

test("an order whose payment cannot be ended does not expire before the provider has told", async () => {
  const { order, intent, sku } = await openPayment();
  await breakStripe(intent, "cancel", { times: forever, stored: false, effect: false });
  await inDatabase("update orders set hold_expires_at = now() - interval '1 second' where id = $1", [
    order.id,
  ]);
  await eventually(order, "payment_unknown");
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(0), patience);
  await mendStripe(intent);
  await buyer.confirm(order);
  await eventually(order, "expired");
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
});

test("an answer that Stripe stored as a fault does not keep the money from being taken", async () => {
  const { order, attempt, intent } = await openPayment();
  await breakStripe(intent, "capture", { times: 1, stored: true, effect: false });
  await buyer.payWith(attempt);
  await vi.waitFor(async () => {
    await buyer.confirm(order);
    expect((await buyer.readOrder(order)).status).toBe("paid");
  }, patience);
});
