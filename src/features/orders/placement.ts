import type { Id } from "#core/ids";
import type { CheckoutReply } from "#durable-objects/cart/checkouts";
import type { CartLine } from "#durable-objects/cart/lines";
import { type ShortUnits, type StockObjects, holdStock } from "./stock-claims.ts";

/** A cart on its way to an order: its frozen lines, and the order id that it minted for this idempotency key. */
export type Checkout = { readonly orderId: Id<"order">; readonly lines: readonly CartLine[] };

/** What one look at the primary finds: the answer that this key got earlier, or what the lines cost now. */
export type Priced<Quote, Refusal, Answer> =
  | { found: "answer"; answer: Answer }
  | { found: "quote"; quote: Quote }
  /** The buyer has to agree to something else first. */
  | { found: "refusal"; refusal: Refusal };

type QuotedUnits = {
  readonly lines: readonly { sku: string; quantity: number; firstCount?: number | undefined }[];
};

/** What a placement needs from the world; the real ones ask the cart, Postgres and the inventory objects. */
export type PlacementPorts<Quote extends QuotedUnits, Refusal, Answer> = {
  readonly beginCheckout: () => Promise<CheckoutReply>;
  /** Sets the key free, so that it may be tried again. */
  readonly abandonCheckout: (orderId: Id<"order">) => Promise<void>;
  readonly price: (checkout: Checkout) => Promise<Priced<Quote, Refusal, Answer>>;
  readonly stock: StockObjects;
  /** Stores order, answer and event in one transaction; undefined when the same key was faster. */
  readonly store: (orderId: Id<"order">, quote: Quote) => Promise<Answer | undefined>;
  readonly findAnswer: () => Promise<Answer | undefined>;
};

export type Placed<Refusal, Answer> =
  | { ok: true; answer: Answer }
  | { ok: false; reason: "empty" | "key_reused" }
  | { ok: false; reason: "quote_refused"; refusal: Refusal }
  | { ok: false; reason: "insufficient_stock"; short: readonly ShortUnits[] };

/**
 * Places one order, whatever is repeated or crashes: the cart mints the order's id once for the idempotency key, so
 * that a retry finds the same holds; the quote is computed again; stock is held, all or none; order and answer are
 * stored together. A hold whose order never came expires.
 */
export async function place<Quote extends QuotedUnits, Refusal, Answer>(
  ports: PlacementPorts<Quote, Refusal, Answer>,
): Promise<Placed<Refusal, Answer>> {
  const checkout = await ports.beginCheckout();
  if (!checkout.ok) return checkout;
  const { orderId } = checkout;
  const priced = await ports.price(checkout);
  if (priced.found === "answer") return { ok: true, answer: priced.answer };
  if (priced.found === "refusal") {
    // The same key may come back with the new quote. What an earlier try held may belong to a twin of this request that
    // is storing the order right now, hence it is left to expire.
    await ports.abandonCheckout(orderId);
    return { ok: false, reason: "quote_refused", refusal: priced.refusal };
  }
  const { quote } = priced;
  const short = await holdStock(ports.stock, { id: orderId, lines: quote.lines });
  if (short.length > 0) {
    await ports.abandonCheckout(orderId);
    return { ok: false, reason: "insufficient_stock", short };
  }
  const answer = (await ports.store(orderId, quote)) ?? (await ports.findAnswer());
  if (answer === undefined) throw new Error(`the answer of order ${orderId} was stored and is not there`);
  return { ok: true, answer };
}
