import type { Id } from "#core/ids";
import { Currency, money } from "#core/money";
import type { CheckoutReply } from "#durable-objects/cart/checkouts";
import { type Quote, quoteOf } from "#features/checkout/rules";
import { type EndingPorts, cancelOrder, expireOrder } from "#features/orders/ending";
import { place } from "#features/orders/placement";
import { orderTimes } from "#features/orders/rules";
import { returnStock } from "#features/orders/stock-claims";
import { Violation } from "../network.ts";
import { calls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import type { PaymentFlows } from "./payment-flows.ts";
import { checkRefusal } from "./refusals.ts";
import type { Placement, PlacementOutcome } from "./requests.ts";
import type { Order, OrderRow, PlacedAnswer } from "./rows.ts";

const currency = Currency.parse("USD");

/** How orders are placed and end. */
export class OrderFlows {
  readonly #connection: Connection;
  readonly #payments: PaymentFlows;

  constructor(connection: Connection, payments: PaymentFlows) {
    this.#connection = connection;
    this.#payments = payments;
  }

  async place(placement: Placement): Promise<PlacementOutcome> {
    const { cartId, key, fingerprint, agreedTotal } = placement;
    const { world } = this.#connection;
    const { database } = world;
    const cart = () => world.cart(cartId);
    let begun: CheckoutReply | undefined;
    const outcome = await place<Quote, { total: number }, PlacedAnswer>({
      beginCheckout: async () => {
        begun = await this.#connection.call(calls.cart, () => {
          const orderId = world.newId("ord") as Id<"order">;
          return cart().begin({ key, fingerprint, orderId, at: world.scheduler.now });
        });
        return begun;
      },
      abandonCheckout: (orderId) => this.#connection.call(calls.cart, () => cart().abandon(orderId)),
      price: ({ lines }) =>
        this.#connection.call(calls.find, () => {
          const answer = database.answerOf(key, fingerprint);
          if (answer) return { found: "answer", answer };
          const quote = this.#quoteOf(lines);
          if (quote.total.minor === agreedTotal) return { found: "quote", quote };
          return { found: "refusal", refusal: { total: quote.total.minor } };
        }),
      stock: this.#connection.stock,
      store: (orderId, quote) =>
        this.#connection.call(calls.store, () =>
          database.place(key, fingerprint, this.#newOrder(orderId, cartId, quote))
            ? { orderId, fingerprint }
            : undefined,
        ),
      findAnswer: () => this.#connection.call(calls.find, () => database.answerOf(key, fingerprint)),
    });
    if (begun?.ok && !outcome.ok && outcome.reason === "insufficient_stock")
      checkRefusal(world, placement, begun);
    return outcome;
  }

  async cancel(orderId: string): Promise<string> {
    const order = await this.#connection.require(orderId);
    return (await cancelOrder(this.#endingPorts(), order)).status;
  }

  expire(orderId: string): Promise<void> {
    return expireOrder(this.#endingPorts(), orderId);
  }

  async returnStock(orderId: string): Promise<void> {
    await returnStock(this.#connection.stock, await this.#connection.require(orderId));
  }

  async clearCart(orderId: string): Promise<void> {
    const { id, cartId } = await this.#connection.require(orderId);
    await this.#connection.call(calls.cart, () => this.#connection.world.cart(cartId).complete(id));
  }

  #endingPorts(): EndingPorts<Order> {
    const { database } = this.#connection.world;
    return {
      load: (orderId) => this.#connection.load(orderId),
      settlePayment: (orderId) => this.#payments.settle(orderId),
      endPayment: (order) => this.#payments.end(order),
      change: (order, { transition, event }) =>
        this.#connection.call(calls.move, () => database.move(order, { order: { transition, event } })),
    };
  }

  #quoteOf(lines: readonly { variantId: string; quantity: number }[]): Quote {
    const sold = lines.map(({ variantId, quantity }) => ({
      variantId,
      sku: variantId,
      quantity,
      unitPrice: money(this.#connection.world.prices.get(variantId) ?? 0, currency),
    }));
    const quote = quoteOf(currency, sold);
    const total = sold.reduce((sum, line) => sum + line.unitPrice.minor * line.quantity, 0);
    if (quote.total.minor !== total)
      throw new Violation("a quote is the sum of its lines", `${quote.total.minor}, not ${total}`);
    return quote;
  }

  #newOrder(id: Id<"order">, cartId: string, quote: Quote): OrderRow {
    const lines = quote.lines.map(({ sku, quantity, unitPrice }, index) => ({
      id: `${id} line ${index}`,
      sku,
      quantity,
      unitPrice: unitPrice.minor,
    }));
    return {
      id,
      cartId,
      lines,
      total: quote.total.minor,
      status: "pending_payment",
      currency,
      refunded: 0,
      version: 1,
      holdExpiresAt: new Date(this.#connection.now + orderTimes.payWithinMs),
    };
  }
}
