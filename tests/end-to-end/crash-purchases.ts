import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { Call, Gate, Moment, Point } from "#local/faults/gate";
import { Attempt, type Cart, Order } from "../buying.ts";
import { type CrashSite, type Ending, type Ware, newEmail, patience } from "./crash-site.ts";

export type Purchase = { order: Order & { email: string }; wares: readonly Ware[] };
export type StartedPayment = Purchase & { attempt: Attempt; intent: string };

/** A request for an order that can be sent again: the same key, the same body. */
export type OrderRequest = { wares: readonly Ware[]; cart: Cart; key: string; email: string };

/** A purchase on its way to its crash point. */
export type Approach = {
  /** Where the Worker stands still until it is killed. */
  point: Pick<Point, "reached" | "lift">;
  /** The buyer's call that gets no answer. */
  unanswered?: Promise<void>;
  /** What happens while the Worker is away. */
  meanwhile?: () => Promise<void>;
  /** What the buyer does when the Worker is back; most do nothing. */
  goOn: () => Promise<Purchase>;
};

export type CrashPoint = {
  name: string;
  ends: Ending;
  /** Before the first crash: what is done as long as everything works, and what is then. */
  prepare: (site: CrashSite) => Promise<Preparation>;
};

export type Preparation = {
  /** A SKU whose object cannot be reached between the first crash and the second. */
  unreachableSku?: string;
  /** Leads the purchase to its point, at which the second crash finds it. */
  approach: () => Promise<Approach>;
};

export async function fillCart(site: CrashSite, variants = 1): Promise<OrderRequest> {
  const wares = await site.stock(variants);
  const cart = await site.buyer.fillCart(Object.fromEntries(wares.map(({ variantId }) => [variantId, 1])));
  return { wares, cart, key: randomUUID(), email: newEmail() };
}

/** Sends the request, again while its first sending counts as running: a killed Worker does not take its claim along. */
export async function send({ buyer }: CrashSite, request: OrderRequest): Promise<Purchase> {
  const { wares, cart, key, email } = request;
  const until = Date.now() + patience.timeout;
  for (;;) {
    const answer = await buyer.placeOrder(cart, { key, json: { email } });
    const waitSeconds = answer.status === 409 ? Number(answer.headers.get("retry-after")) : 0;
    if (waitSeconds === 0 || Date.now() > until) return { order: { ...answer.as(Order), email }, wares };
    await setTimeout(waitSeconds * 1000);
  }
}

export async function place(site: CrashSite, variants = 1): Promise<Purchase> {
  return send(site, await fillCart(site, variants));
}

/** An order whose payment the buyer has only to confirm, and what Stripe calls that payment. */
export async function startPayment(site: CrashSite, variants = 1): Promise<StartedPayment> {
  const purchase = await place(site, variants);
  const attempt = (await site.buyer.startPayment(purchase.order)).as(Attempt);
  const [intent = ""] = attempt.client_secret.split("_secret");
  return { ...purchase, attempt, intent };
}

/** Stops the calls to a service whose path or body contains all of these texts. */
export function stopAt(gate: Gate, moment: Moment, ...texts: readonly string[]): Point {
  return gate.stopAt({ moment, fits: containing(...texts) });
}

export function containing(...texts: readonly string[]): (call: Call) => boolean {
  return ({ path, body }) => {
    // JSON puts backslashes before the quotes of SQL.
    const said = `${path} ${body.replaceAll("\\", "")}`;
    return texts.every((text) => said.includes(text));
  };
}

/** A call of a buyer during which the Worker is killed. */
export function cutShort(call: Promise<unknown>): Promise<void> {
  return expect(call, "the buyer gets no answer").rejects.toThrow();
}

export function twoOf(wares: readonly Ware[]): [Ware, Ware] {
  const [first, second] = wares;
  if (first === undefined || second === undefined) throw new Error("two wares are needed");
  return [first, second];
}
