import { AppError } from "#core/errors";
import { type Id, newIdBeside } from "#core/ids";
import type { CartLine } from "#durable-objects/cart/lines";
import { insertEvents } from "#events/record";
import { findAccount } from "#features/auth/account";
import { type SoldLine, presentQuote, splitLines } from "#features/cart/present-cart";
import { priceVariantsStatement, pricedVariantsOf } from "#features/catalog/variants";
import { type Quote, quoteHash, quoteOf } from "#features/checkout/rules";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import {
  type IdempotentRequest,
  type Outcome,
  answerOfClaim,
  answersAt,
  claimStatement,
  findIdempotencyRecord,
  insertIdempotencyRecord,
  keyReused,
  lostToSameKey,
  releaseClaim,
  replayOf,
} from "#platform/idempotency";
import type { Order } from "./load-order.ts";
import { type OrderAddresses, addressesOf, readNamedAddresses } from "./order-addresses.ts";
import { type Checkout, type PlacementPorts, type Priced, place } from "./placement.ts";
import { presentOrder } from "./present-order.ts";
import { orderTimes } from "./rules.ts";
import type { OrderWire, PlaceOrder } from "./schema.ts";
import type { ShortUnits } from "./stock-claims.ts";
import { insertHistory } from "./store.ts";
import { orderLines, orders } from "./tables.ts";

type Placement = { cartId: Id<"cart">; request: IdempotentRequest; input: PlaceOrder };

/** What the buyer is to pay, and where it all goes. */
type Bill = Quote<SoldLine> & OrderAddresses;

/**
 * Turns a cart into an order that waits for payment; see {@link place}.
 * @throws AppError cart_empty, idempotency_key_reused, idempotency_conflict, variant_unavailable, price_changed, insufficient_stock; unauthenticated and not_found where it names addresses of an address book.
 */
export async function placeOrder(context: Context, placement: Placement): Promise<Outcome<OrderWire>> {
  const placed = await tryToPlace(context, placement);
  if (placed.ok) return placed.answer;
  switch (placed.reason) {
    case "empty":
      throw new AppError("cart_empty", { detail: "Add a variant with POST /cart before ordering." });
    case "key_reused":
      throw keyReused();
    case "quote_refused":
      throw placed.refusal;
    case "insufficient_stock":
      throw insufficientStock(placed.short);
  }
}

async function tryToPlace(context: Context, placement: Placement) {
  try {
    return await place(portsOf(context, placement));
  } catch (error) {
    await releaseClaim(context, placement.request);
    throw error;
  }
}

type Ports = PlacementPorts<Bill, AppError, Outcome<OrderWire>>;

function portsOf(context: Context, placement: Placement): Ports {
  const { cartId, request } = placement;
  const cart = () => context.objects.cart(cartId);
  return {
    beginCheckout: () => cart().beginCheckout(request.key, request.fingerprint, cartId),
    abandonCheckout: async (orderId) => {
      await Promise.all([cart().abandonCheckout(orderId), releaseClaim(context, request)]);
    },
    price: (checkout) => priceCheckout(context, placement, checkout),
    stock: context.objects.inventory,
    store: (orderId, bill) =>
      storeOrder(context, placement, draftOrder(context, placement, { orderId, bill })),
    findAnswer: async () =>
      replayOf<OrderWire>(await findIdempotencyRecord(answersAt(context, request), request), request),
  };
}

/**
 * Claims the key, looks up what the order names of the address book, computes the quote anew and compares it with what the
 * buyer agreed to. Nothing is held yet.
 */
async function priceCheckout(
  context: Context,
  { request, input }: Placement,
  { lines }: Checkout,
): Promise<Priced<Bill, AppError, Outcome<OrderWire>>> {
  const { primary } = context.databases;
  const price = [
    priceVariantsStatement(
      context,
      lines.map((line) => line.variantId),
    ),
    ...readNamedAddresses(context, input),
  ] as const;
  const database = answersAt(context, request);
  const [answered, priced, named = []] =
    database === primary
      ? await primary.batch([claimStatement(primary, request), ...price])
      : await Promise.all([
          claimStatement(database, request),
          primary.batch(price),
          refuseErasedAccount(context),
        ]).then(([claim, read]) => [claim, ...read] as const);
  const answer = answerOfClaim<OrderWire>(answered.rows, request);
  if (answer) return { found: "answer", answer };
  const where = addressesOf(context, input, named);
  if (!where.ok) return { found: "refusal", refusal: where.refusal };
  const { sold, unavailable } = splitLines(lines, pricedVariantsOf(priced));
  const quote = quoteOf(context.settings.SHOP_CURRENCY, sold);
  const refusal = await quoteRefusal(quote, unavailable, input.quote_hash);
  return refusal
    ? { found: "refusal", refusal }
    : { found: "quote", quote: { ...quote, ...where.addresses } };
}

/** Where orders live apart from the accounts, no foreign key refuses those of an account that is gone. */
async function refuseErasedAccount(context: Context): Promise<void> {
  const { principal } = context;
  if (principal.kind !== "user" || (await findAccount(context, principal.userId)) !== undefined) return;
  throw new AppError("unauthenticated", { detail: "This account does not exist any more." });
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

/** Why units cannot be held although the SKU may have some, and what to do about it. */
const unheld: Record<
  Exclude<ShortUnits["reply"]["reason"], "insufficient_stock">,
  (sku: string) => string
> = {
  gone: (sku) => `The hold on ${sku} has ended; order again with a new Idempotency-Key.`,
  conflict: (sku) =>
    `Another quantity of ${sku} is held under this order; order again with a new Idempotency-Key.`,
  limit_exceeded: (sku) =>
    `One order cannot hold that many units of ${sku}; lower the quantity or split the order.`,
};

function insufficientStock(short: readonly ShortUnits[]): AppError {
  return new AppError("insufficient_stock", {
    detail: "Lower the quantities named in errors, or remove those lines, and order again.",
    errors: short.map(({ sku, quantity, reply }) => ({
      pointer: `/cart/skus/${sku}`,
      code: reply.reason,
      detail:
        reply.reason === "insufficient_stock"
          ? `${quantity} of ${sku} were asked for and ${reply.available} are available.`
          : unheld[reply.reason](sku),
    })),
  });
}

/** @returns undefined when another request with the same key stored its order first. */
async function storeOrder(
  context: Context,
  { cartId, request }: Placement,
  order: Order,
): Promise<Outcome<OrderWire> | undefined> {
  const database = ordersAt(context, order.id);
  const body = presentOrder(order);
  const { lines, fulfilments: _none, attempt: _noAttempt, refunds: _noRefunds, ...row } = order;
  const created = { order_id: order.id, sequence: order.version, status: order.status, cart_id: cartId };
  try {
    await transact(database, [
      insertIdempotencyRecord(database, request, { status: 201, body }),
      database.insert(orders).values(row),
      database.insert(orderLines).values([...lines]),
      insertHistory(context, order.id, {
        sequence: order.version,
        type: "order.placed",
        data: { total: row.total, currency: row.currency, hold_expires_at: body.hold_expires_at },
      }),
      insertEvents(context, [{ type: "order.placed", subject: order.id, data: created }]),
    ]);
  } catch (error) {
    if (lostToSameKey(error)) return undefined;
    throw error;
  }
  context.wakeOutbox();
  return { status: 201, body, replayed: false };
}

function draftOrder(
  context: Context,
  { cartId, input }: Placement,
  { orderId, bill }: { orderId: Id<"order">; bill: Bill },
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
    currency: bill.currency,
    subtotal: bill.subtotal.minor,
    discount: bill.discount.minor,
    shipping: bill.shipping.minor,
    tax: bill.tax.minor,
    total: bill.total.minor,
    refunded: 0,
    shippingMethod: input.shipping_method,
    shippingAddress: bill.shippingAddress,
    billingAddress: bill.billingAddress,
    notes: input.notes ?? null,
    traceparent: context.traceparent ?? null,
    holdExpiresAt: new Date(now + orderTimes.payWithinMs),
    version: 1,
    createdAt: new Date(now),
    updatedAt: new Date(now),
    archived: false,
    lines: bill.lines.map((line, position) => ({
      id: newIdBeside("orderLine", now, orderId),
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
    attempts: [],
    attempt: undefined,
    refunds: [],
  };
}
