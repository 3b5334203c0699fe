import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import { beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { createBuyer, type Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import { steer } from "./steering.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const patience = { timeout: 50_000, interval: 200 };

const stripeUrl = new URL(services.stripe);
const stripe = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, {
  host: stripeUrl.hostname,
  port: stripeUrl.port,
  protocol: "http",
});

const Problem = z.object({ code: z.string() });
const Refund = z.object({ id: z.string(), status: z.string(), amount: z.object({ amount: z.int() }) });
const OrderMoney = z.object({ status: z.string(), refunded: z.object({ amount: z.int() }) });

let token: string;
beforeAll(async () => {
  token = await adminToken();
});

async function paidOrder(quantity = 2): Promise<{ order: Order; sku: string }> {
  const variant = await seller.stockVariant(10, 1000);
  const order = await buyer.order({ [variant.variantId]: quantity });
  await buyer.authorise(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
  return { order, sku: variant.sku };
}

function refund(order: Order, json: object, key: string = randomUUID()) {
  return request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    token,
    json: { restock: false, ...json },
    headers: { "idempotency-key": key },
  });
}

async function moneyOf(order: Order): Promise<z.infer<typeof OrderMoney>> {
  return (await request(`/admin/orders/${order.id}`, { token })).as(OrderMoney);
}

async function balancesOf(order: Order): Promise<Record<string, number>> {
  const rows = await inDatabase(
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account",
    [order.id],
  );
  const balances = z.array(z.object({ account: z.string(), sum: z.int() })).parse(rows);
  return Object.fromEntries(balances.map(({ account, sum }) => [account, sum]));
}

test("part of an order goes back, then the rest, and the books sum to zero", async () => {
  const { order } = await paidOrder();
  expect(await balancesOf(order)).toEqual({ "receivable:stripe": 2000, sales: -2000 });
  const part = await refund(order, { amount: 500, reason: "scratched" });
  expect(part.status).toBe(201);
  expect(part.as(Refund)).toMatchObject({ status: "succeeded", amount: { amount: 500 } });
  expect(await moneyOf(order)).toMatchObject({ status: "partially_refunded", refunded: { amount: 500 } });
  await refund(order, {});
  expect(await moneyOf(order)).toMatchObject({ status: "refunded", refunded: { amount: 2000 } });
  expect(await balancesOf(order)).toEqual({ "receivable:stripe": 0, sales: -2000, refunds: 2000 });
});

test("a repeated refund request pays once", async () => {
  const { order } = await paidOrder();
  const key = randomUUID();
  const first = await refund(order, { amount: 700 }, key);
  const second = await refund(order, { amount: 700 }, key);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  expect((await moneyOf(order)).refunded.amount).toBe(700);
  expect((await refund(order, { amount: 701 }, key)).as(Problem).code).toBe("idempotency_key_reused");
});

test("refunds asked for at once never give back more than was paid", async () => {
  const { order } = await paidOrder();
  const answers = await Promise.all(Array.from({ length: 8 }, () => refund(order, { amount: 600 })));
  const granted = answers.filter((answer) => answer.status === 201).length;
  expect(granted).toBeGreaterThanOrEqual(1);
  expect(granted).toBeLessThanOrEqual(3);
  for (const answer of answers.filter((each) => each.status !== 201))
    expect(["conflict", "refund_exceeds_payment"]).toContain(answer.as(Problem).code);
  expect((await moneyOf(order)).refunded.amount).toBe(granted * 600);
});

test("a refund with restocking puts exactly its units back on sale", async () => {
  const { order, sku } = await paidOrder(3);
  const line = order.lines[0]?.id ?? "";
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(7), patience);
  await refund(order, { lines: [{ order_line_id: line, quantity: 2 }], restock: true });
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(9), patience);
  expect((await moneyOf(order)).refunded.amount).toBe(2000);
});

test("a refund whose answer was lost is finished by itself, once", async () => {
  const { order } = await paidOrder();
  await loseRefundReplies(await intentOf(order));
  const answer = await refund(order, { amount: 900 });
  expect(answer.as(Problem).code).toBe("payment_outcome_unknown");
  await inDatabase("update refunds set next_check_at = now() where order_id = $1", [order.id]);
  await vi.waitFor(async () => expect((await moneyOf(order)).refunded.amount).toBe(900), {
    timeout: 50_000,
    interval: 500,
  });
});

test("a refund at the provider's dashboard is booked with us", async () => {
  const { order } = await paidOrder();
  await stripe.refunds.create({ payment_intent: await intentOf(order), amount: 300 });
  await vi.waitFor(async () => expect((await moneyOf(order)).refunded.amount).toBe(300), patience);
  expect(await balancesOf(order)).toEqual({ "receivable:stripe": 1700, sales: -2000, refunds: 300 });
});

test("a refund at the dashboard that is told while one of ours is under way is booked once ours is decided", async () => {
  const { order } = await paidOrder();
  const intent = await intentOf(order);
  await loseRefundReplies(intent);
  expect((await refund(order, { amount: 900 })).as(Problem).code).toBe("payment_outcome_unknown");
  await stripe.refunds.create({ payment_intent: intent, amount: 300 });
  await vi.waitFor(async () => expect(await unprocessedEvents(intent)).toBe(0), patience);
  await inDatabase("update refunds set next_check_at = now() where order_id = $1", [order.id]);
  await vi.waitFor(async () => expect((await moneyOf(order)).refunded.amount).toBe(1200), {
    timeout: 50_000,
    interval: 500,
  });
  expect(await balancesOf(order)).toEqual({ "receivable:stripe": 800, sales: -2000, refunds: 1200 });
});

async function intentOf(order: Order): Promise<string> {
  const rows = await inDatabase("select provider_reference from payment_attempts where order_id = $1", [
    order.id,
  ]);
  return z.tuple([z.object({ provider_reference: z.string() })]).parse(rows)[0].provider_reference;
}

function loseRefundReplies(intent: string): Promise<void> {
  const call = { path: "/v1/refunds", method: "POST", containing: intent };
  return steer("stripe", "strikes", { fault: "lose_reply", times: 2, ...call });
}

async function unprocessedEvents(reference: string): Promise<number> {
  const told = await inDatabase(
    "select processed_at from payment_events where provider_reference = $1 and type like '%refund%'",
    [reference],
  );
  const events = z
    .array(z.object({ processed_at: z.unknown() }))
    .min(1)
    .parse(told);
  return events.filter(({ processed_at: at }) => at === null).length;
}

test("an order that was never paid has nothing to refund, and a refund needs the admin", async () => {
  const variant = await seller.stockVariant(1, 1000);
  const order = await buyer.order({ [variant.variantId]: 1 });
  expect((await refund(order, {})).as(Problem).code).toBe("invalid_transition");
  const bare = await request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    json: { restock: false },
  });
  expect(bare.status).toBe(401);
});

test("the database itself refuses books that do not balance, and changes to what was booked", async () => {
  const { order } = await paidOrder();
  const book =
    "insert into money_ledger (transaction_id, line, order_id, account, amount, currency) values ($1, 1, $2, 'sales', 5, 'USD')";
  await expect(inDatabase(book, [randomUUID(), order.id])).rejects.toMatchObject({ code: "23514" });
  await expect(inDatabase("update money_ledger set amount = 1", [])).rejects.toMatchObject({ code: "0A000" });
});
