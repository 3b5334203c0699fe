import type { Id } from "#core/ids";
import type { EpochMs } from "#core/time";
import { type CartLine, withoutOrdered } from "./lines.ts";

/** What was ordered under one idempotency key: the order id is minted once, so that retries find the same holds. */
export type CartCheckout = {
  readonly key: string;
  readonly fingerprint: string;
  readonly orderId: Id<"order">;
  readonly lines: readonly CartLine[];
  readonly status: "open" | "placed";
  readonly at: EpochMs;
};

export type CheckoutReply =
  | { ok: true; orderId: Id<"order">; lines: readonly CartLine[] }
  | { ok: false; reason: "empty" | "key_reused" };

/** A client's wish to order, with the order id that it gets if its key is new. */
export type CheckoutRequest = Pick<CartCheckout, "key" | "fingerprint" | "orderId" | "at">;

/**
 * Starts an order: freezes the lines under the client's key. The same key gets the same answer, whatever has happened
 * to the cart since.
 * @param known what the key stands for already.
 */
export function beginCheckout(
  known: CartCheckout | undefined,
  lines: readonly CartLine[],
  request: CheckoutRequest,
): { reply: CheckoutReply; checkout?: CartCheckout } {
  if (known) {
    if (known.fingerprint !== request.fingerprint) return { reply: { ok: false, reason: "key_reused" } };
    return { reply: { ok: true, orderId: known.orderId, lines: known.lines } };
  }
  if (lines.length === 0) return { reply: { ok: false, reason: "empty" } };
  return {
    reply: { ok: true, orderId: request.orderId, lines },
    checkout: { ...request, lines, status: "open" },
  };
}

/**
 * Sets the key of a refused checkout free, so that it may be tried again. The lines stay known under the order's id: a
 * twin of the refused request may be storing that very order. Undefined when the order was placed already.
 */
export function abandonCheckout(checkout: CartCheckout): CartCheckout | undefined {
  if (checkout.status === "placed") return undefined;
  return { ...checkout, key: `abandoned ${checkout.orderId}` };
}

/** Takes the ordered units out of the cart; undefined when that has happened already. */
export function completeCheckout(
  checkout: CartCheckout,
  lines: readonly CartLine[],
): { checkout: CartCheckout; lines: readonly CartLine[] } | undefined {
  if (checkout.status === "placed") return undefined;
  return { checkout: { ...checkout, status: "placed" }, lines: withoutOrdered(lines, checkout.lines) };
}
