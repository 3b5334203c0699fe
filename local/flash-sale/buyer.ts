import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Operation, Recorder } from "./history.ts";
import { type Answer, expectAnswer, insist, type Shop, Unanswered } from "./shop-calls.ts";

const POLL_MS = 500;
const SETTLES_MS_MAX = 600_000;
/** More tries than patience allows. */
const TRIES_MAX = 10_000;
const ADDRESS = { name: "Flash Buyer", line1: "1 Harbour Road", city: "Porto", country: "PT" };

/** What one buyer wants, and what they will do with an order. */
export type Wish = {
  client: number;
  lines: readonly { variantId: string; sku: string; quantity: number }[];
  plan: "pay" | "cancel";
};

/** How it went: how long the answered request for the order took, and when its answer came. */
export type Visit = {
  orderMs: number;
  answeredAtMs: number;
  /** From the provider's confirmation until the order was seen paid. */
  paidMs?: number;
  ended: "paid" | "cancelled" | "refused" | "unknown";
};

const Cart = z.object({ token: z.string(), quote_hash: z.string() });
const Order = z.object({ id: z.string(), access_token: z.string() });
type Order = z.infer<typeof Order>;
const Status = z.object({ status: z.string() });
const Attempt = z.object({ client_secret: z.string(), publishable_key: z.string() });
const Refusal = z.object({
  code: z.literal("insufficient_stock"),
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })),
});

/** Comes with a wish, orders, and then pays or cancels. Everything about stock is recorded as this buyer saw it. */
export async function visit(shop: Shop, recorder: Recorder, wish: Wish): Promise<Visit> {
  const call = recorder.now();
  try {
    const { answer, order } = await placeOrder(shop, wish);
    recordPlacement(recorder, { wish, call, answer, order });
    const answered = { orderMs: answer.tookMs, answeredAtMs: performance.now() };
    if (order === undefined) return { ...answered, ended: "refused" };
    const settle = wish.plan === "pay" ? pay : cancel;
    return { ...answered, ...(await settle(shop, recorder, { wish, order })) };
  } catch (fault) {
    if (!(fault instanceof Unanswered)) throw fault;
    // The order may be there by now, or be none: a claim of each SKU that nobody knows the end of.
    recordAll(recorder, wish, { kind: "reserve", call, outcome: "unknown" });
    return { orderMs: 0, answeredAtMs: 0, ended: "unknown" };
  }
}

async function placeOrder(shop: Shop, wish: Wish): Promise<{ answer: Answer; order: Order | undefined }> {
  let cart: z.infer<typeof Cart> | undefined;
  for (const { variantId, quantity } of wish.lines) {
    const answer = await insist(`${shop.api}/cart`, {
      method: "POST",
      json: { variant_id: variantId, quantity },
      headers: {
        "idempotency-key": randomUUID(),
        ...(cart === undefined ? {} : { "cart-token": cart.token }),
      },
    });
    const { quote_hash: quoteHash, token = cart?.token } = expectAnswer(
      answer,
      200,
      Cart.partial({ token: true }),
    );
    if (token === undefined) throw new Error("a new cart comes with its token");
    cart = { token, quote_hash: quoteHash };
  }
  if (cart === undefined) throw new Error("a wish has at least one line");
  const answer = await insist(`${shop.api}/orders`, {
    method: "POST",
    json: { quote_hash: cart.quote_hash, email: "flash@buyers.example", shipping_address: ADDRESS },
    headers: { "idempotency-key": randomUUID(), "cart-token": cart.token },
  });
  return { answer, order: answer.status === 409 ? undefined : expectAnswer(answer, 201, Order) };
}

type Placement = { wish: Wish; call: number; answer: Answer; order: Order | undefined };

/** An order holds all its units; a refused one held for a moment what it could get, and gave it back. */
function recordPlacement(recorder: Recorder, { wish, call, answer, order }: Placement): void {
  recordLostTries(recorder, { wish, call, tries: answer.lost });
  if (order !== undefined)
    return recordAll(recorder, wish, { kind: "reserve", call, outcome: "ok", orderId: order.id });
  const { errors } = expectAnswer(answer, 409, Refusal);
  for (const { sku, quantity } of wish.lines) {
    const operation = { client: wish.client, sku, quantity, call };
    const refusal = errors.find(({ pointer }) => pointer.endsWith(`/${sku}`));
    if (refusal?.code === "insufficient_stock")
      recorder.record({ ...operation, kind: "reserve", outcome: "refused" });
    if (refusal !== undefined) continue;
    recorder.record({ ...operation, kind: "reserve", outcome: "ok" });
    recorder.record({ ...operation, kind: "release", outcome: "ok" });
  }
}

type LostTries = { wish: Wish; call: number; tries: number };

/**
 * A try whose answer was lost may have been refused, and have held for a moment what it could get; the try after it is
 * then another order. For a single SKU nothing could be got.
 */
function recordLostTries(recorder: Recorder, { wish, call, tries }: LostTries): void {
  if (wish.lines.length === 1) return;
  for (let lost = 1; lost <= tries; lost++) {
    const nobody = { ...wish, client: -(wish.client * TRIES_MAX + lost) };
    recordAll(recorder, nobody, { kind: "reserve", call, outcome: "unknown" });
    recordAll(recorder, nobody, { kind: "release", call, outcome: "unknown" });
  }
}

type Happening = Pick<Operation, "kind" | "call" | "outcome" | "orderId">;

function recordAll(recorder: Recorder, { client, lines }: Wish, happening: Happening): void {
  for (const { sku, quantity } of lines) recorder.record({ client, sku, quantity, ...happening });
}

type Ordered = { wish: Wish; order: Order };
type Settled = Pick<Visit, "ended" | "paidMs">;

async function pay(shop: Shop, recorder: Recorder, { wish, order }: Ordered): Promise<Settled> {
  const headers = { "order-token": order.access_token, "idempotency-key": randomUUID() };
  const json = { order_id: order.id, provider: "stripe" };
  const started = await insist(`${shop.api}/payment/checkout`, { method: "POST", json, headers });
  const attempt = expectAnswer(started, 201, Attempt);
  const call = recorder.now();
  await insist(`${shop.stripe}/v1/payment_intents/${attempt.client_secret.split("_secret")[0]}/confirm`, {
    method: "POST",
    headers: { authorization: `Bearer ${attempt.publishable_key}` },
    form: {
      payment_method: "pm_card_visa",
      client_secret: attempt.client_secret,
      return_url: "https://shop.example/thanks",
    },
  });
  const confirmedAtMs = performance.now();
  const isPaid = await becomes(async () => {
    const answer = await insist(`${shop.api}/orders/${order.id}`, {
      headers: { "order-token": order.access_token },
    });
    return expectAnswer(answer, 200, Status).status === "paid";
  });
  recordAll(recorder, wish, { kind: "commit", call, outcome: isPaid ? "ok" : "unknown", orderId: order.id });
  return isPaid ? { ended: "paid", paidMs: performance.now() - confirmedAtMs } : { ended: "unknown" };
}

async function cancel(shop: Shop, recorder: Recorder, { wish, order }: Ordered): Promise<Settled> {
  const call = recorder.now();
  const headers = { "order-token": order.access_token };
  const answer = await insist(`${shop.api}/orders/${order.id}/cancel`, { method: "POST", headers });
  expectAnswer(answer, 200, Status);
  // The units come back a moment after the answer; the SKU's journal tells when.
  for (const { sku, quantity } of wish.lines) {
    const release = { client: wish.client, sku, quantity, kind: "release", call, orderId: order.id } as const;
    recorder.recordGranted({ ...release, outcome: "ok" });
  }
  return { ended: "cancelled" };
}

async function becomes(isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + SETTLES_MS_MAX;
  while (performance.now() < deadline) {
    if (await isSo()) return true;
    await sleep(POLL_MS);
  }
  return false;
}
