import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import type { CartLine } from "#durable-objects/cart/lines";
import type { ReserveReply } from "#durable-objects/inventory/ledger";
import { insertEvents } from "#events/record";
import { type SoldLine, presentQuote, splitLines } from "#features/cart/present-cart";
import { type SellableVariant, priceVariantsStatement, pricedVariantsOf } from "#features/catalog/variants";
import { type Quote, quoteHash, quoteOf } from "#features/checkout/rules";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import {
  type IdempotentRequest,
  type Outcome,
  findIdempotencyRecord,
  insertIdempotencyRecord,
  lostToSameKey,
  replayOf,
} from "#platform/idempotency";
import type { Order } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { orderTimes, reservationId, unitsBySku } from "./rules.ts";
import type { OrderWire, PlaceOrder } from "./schema.ts";
import { insertHistory } from "./store.ts";
import { orderLines, orders } from "./tables.ts";

type Placement = { cartId: Id<"cart">; request: IdempotentRequest; input: PlaceOrder };

/**
 * Turns a cart into an order that waits for payment. The cart mints the order's id once for this idempotency key, so
 * that a retry after a crash finds the same holds; the quote is computed again from the primary; stock is held at each
 * SKU's object, all or none; one transaction stores the order with its answer. A hold whose order never came expires.
 * @throws AppError cart_empty, idempotency_key_reused, variant_unavailable, price_changed, insufficient_stock.
 */
export async function placeOrder(context: Context, placement: Placement): Promise<Outcome<OrderWire>> {
  const { cartId, request } = placement;
  const checkout = await beginCheckout(context, cartId, request);
  const { primary } = context.databases;
  const [answered, priced] = await primary.batch([
    findIdempotencyRecord(primary, request),
    priceVariantsStatement(
      context,
      checkout.lines.map((line) => line.variantId),
    ),
  ]);
  const replay = replayOf<OrderWire>(answered, request);
  if (replay) return replay;

  const quote = await agreeOnQuote(context, placement, { ...checkout, variants: pricedVariantsOf(priced) });
  await holdStock(context, cartId, { orderId: checkout.orderId, units: unitsBySku(quote.lines) });
  return storeOrder(context, placement, draftOrder(context, placement, { orderId: checkout.orderId, quote }));
}

async function beginCheckout(context: Context, cartId: Id<"cart">, request: IdempotentRequest) {
  const reply = await context.objects.cart(cartId).beginCheckout(request.key, request.fingerprint);
  if (reply.ok) return reply;
  if (reply.reason === "empty")
    throw new AppError("cart_empty", { detail: "Add a variant with POST /cart before ordering." });
  throw new AppError("idempotency_key_reused", {
    detail: "This Idempotency-Key came earlier with another body.",
  });
}

type PricedCheckout = {
  orderId: Id<"order">;
  lines: readonly CartLine[];
  variants: ReadonlyMap<string, SellableVariant>;
};

/** Computes the quote anew and compares it with what the buyer agreed to. Nothing is held yet. */
async function agreeOnQuote(
  context: Context,
  { cartId, input }: Placement,
  checkout: PricedCheckout,
): Promise<Quote<SoldLine>> {
  const { sold, unavailable } = splitLines(checkout.lines, checkout.variants);
  const quote = quoteOf(context.settings.SHOP_CURRENCY, sold);
  const refusal = await quoteRefusal(quote, unavailable, input.quote_hash);
  if (refusal === undefined) return quote;
  // Nothing was held: the same key may come back with the new quote.
  await context.objects.cart(cartId).abandonCheckout(checkout.orderId);
  throw refusal;
}

async function quoteRefusal(
  quote: Quote<SoldLine>,
  unavailable: readonly CartLine[],
  agreedHash: string,
): Promise<AppError | undefined> {
  if (unavailable.length > 0)
    return new AppError("variant_unavailable", {
      detail: "Remove the lines named in errors from the cart; their variants are no longer sold.",
      errors: unavailable.map((line) => ({
        pointer: `/cart/lines/${line.id}`,
        code: "variant_unavailable",
        detail: `Variant ${line.variantId} is no longer sold.`,
      })),
    });
  if ((await quoteHash(quote)) === agreedHash) return undefined;
  return new AppError("price_changed", {
    detail: "Show the buyer the new quote and order again with its quote_hash.",
    members: { quote: await presentQuote(quote) },
  });
}

type Holds = { orderId: Id<"order">; units: readonly [sku: string, quantity: number][] };

/** Holds every SKU or none. Only a definite refusal gives holds back; after a fault they stay for the retry. */
async function holdStock(context: Context, cartId: Id<"cart">, { orderId, units }: Holds): Promise<void> {
  const replies = await Promise.all(
    units.map(([sku, quantity]) =>
      context.objects.inventory(sku).reserve({
        type: "reserve",
        id: reservationId(orderId, sku),
        quantity,
        holdMs: orderTimes.holdMs,
      }),
    ),
  );
  const refusals = units.flatMap(([sku, quantity], index) => {
    const reply = replies[index];
    return reply === undefined || reply.ok ? [] : [{ sku, quantity, reply }];
  });
  if (refusals.length === 0) return;
  await Promise.all(
    units.map(([sku]) =>
      context.objects.inventory(sku).release({ type: "release", id: reservationId(orderId, sku) }),
    ),
  );
  await context.objects.cart(cartId).abandonCheckout(orderId);
  throw new AppError("insufficient_stock", {
    detail: "Lower the quantities named in errors, or remove those lines, and order again.",
    errors: refusals.map(({ sku, quantity, reply }) => ({
      pointer: `/cart/skus/${sku}`,
      code: reply.reason,
      detail: refusalDetail(sku, quantity, reply),
    })),
  });
}

function refusalDetail(sku: string, quantity: number, reply: Extract<ReserveReply, { ok: false }>): string {
  if (reply.reason === "insufficient_stock")
    return `${quantity} of ${sku} were asked for and ${reply.available} are available.`;
  return `The hold on ${sku} has ended; order again.`;
}

async function storeOrder(
  context: Context,
  { request }: Placement,
  order: Order,
): Promise<Outcome<OrderWire>> {
  const { primary } = context.databases;
  const body = presentOrder(order);
  const { lines, fulfilments: _none, attempt: _noAttempt, ...row } = order;
  const created = { order_id: order.id, sequence: order.version, status: order.status };
  try {
    await transact(primary, [
      insertIdempotencyRecord(primary, request, { status: 201, body }),
      primary.insert(orders).values(row),
      primary.insert(orderLines).values([...lines]),
      insertHistory(context, order.id, {
        sequence: order.version,
        type: "order.placed",
        data: { total: row.total, currency: row.currency, hold_expires_at: body.hold_expires_at },
      }),
      insertEvents(context, [{ type: "order.placed", subject: order.id, data: created }]),
    ]);
  } catch (error) {
    if (!lostToSameKey(error)) throw error;
    const replay = replayOf<OrderWire>(await findIdempotencyRecord(primary, request), request);
    if (replay === undefined) throw error;
    return replay;
  }
  context.wakeOutbox();
  return { status: 201, body, replayed: false };
}

function draftOrder(
  context: Context,
  { cartId, input }: Placement,
  { orderId, quote }: { orderId: Id<"order">; quote: Quote<SoldLine> },
): Order {
  const { principal } = context;
  const now = context.now();
  return {
    id: orderId,
    number: null,
    status: "pending_payment",
    userId: principal.kind === "user" ? principal.userId : null,
    email: input.email,
    cartId,
    currency: quote.currency,
    subtotal: quote.subtotal.minor,
    discount: quote.discount.minor,
    shipping: quote.shipping.minor,
    tax: quote.tax.minor,
    total: quote.total.minor,
    refunded: 0,
    shippingMethod: input.shipping_method,
    shippingAddress: input.shipping_address,
    billingAddress: input.billing_address ?? input.shipping_address,
    notes: input.notes ?? null,
    traceparent: context.traceparent ?? null,
    holdExpiresAt: new Date(now + orderTimes.payWithinMs),
    version: 1,
    createdAt: new Date(now),
    updatedAt: new Date(now),
    lines: quote.lines.map((line, position) => ({
      id: newId("orderLine", now),
      orderId,
      position,
      productId: line.productId,
      variantId: line.variantId,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      unitPrice: line.unitPrice.minor,
      total: line.total.minor,
    })),
    fulfilments: [],
    attempt: undefined,
  };
}
