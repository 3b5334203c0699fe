import type { Id } from "#core/ids";
import {
  type CartCheckout,
  type CheckoutReply,
  type CheckoutRequest,
  abandonCheckout,
  beginCheckout,
  completeCheckout,
} from "#durable-objects/cart/checkouts";
import { type CartLine, addUnits } from "#durable-objects/cart/lines";
import { Violation } from "../network.ts";

/** One buyer's cart object: the production rules over maps. */
export class CartModel {
  lines: readonly CartLine[] = [];
  /** Units ever added, by variant. */
  readonly added = new Map<string, number>();
  readonly #checkouts = new Map<string, CartCheckout>();

  add(line: CartLine): void {
    const change = addUnits(this.lines, line);
    if (!change.ok) throw new Violation("a small cart takes its lines", change.reason);
    this.lines = change.lines;
    this.added.set(line.variantId, (this.added.get(line.variantId) ?? 0) + line.quantity);
  }

  begin(request: CheckoutRequest): CheckoutReply {
    const known = this.#checkouts.get(request.key);
    const { reply, checkout } = beginCheckout(known, this.lines, request);
    if (checkout) this.#checkouts.set(checkout.key, checkout);
    if (known && reply.ok && reply.orderId !== known.orderId)
      throw new Violation("a key keeps its order id", `${known.orderId} and ${reply.orderId}`);
    if (known && reply.ok && known.fingerprint !== request.fingerprint)
      throw new Violation("a key stands for one body", request.key);
    return reply;
  }

  orderIdOf(key: string): Id<"order"> | undefined {
    return this.#checkouts.get(key)?.orderId;
  }

  abandon(orderId: Id<"order">): void {
    const checkout = this.#find(orderId);
    const abandoned = checkout && abandonCheckout(checkout);
    if (checkout === undefined || abandoned === undefined) return;
    this.#checkouts.delete(checkout.key);
    this.#checkouts.set(abandoned.key, abandoned);
  }

  complete(orderId: Id<"order">): void {
    const checkout = this.#find(orderId);
    const completed = checkout && completeCheckout(checkout, this.lines);
    if (completed === undefined) return;
    this.#checkouts.set(completed.checkout.key, completed.checkout);
    this.lines = completed.lines;
  }

  #find(orderId: Id<"order">): CartCheckout | undefined {
    for (const checkout of this.#checkouts.values()) if (checkout.orderId === orderId) return checkout;
    return undefined;
  }
}
