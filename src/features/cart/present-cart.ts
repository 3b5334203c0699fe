import { type Money, moneyToWire } from "#core/money";
import { toTimestamp } from "#core/time";
import type { CartLine } from "#durable-objects/cart/lines";
import type { CartState } from "#durable-objects/cart/object";
import type { SellableVariant } from "#features/catalog/sellables";
import { readVariants } from "#features/catalog/variants";
import { type Quote, type QuoteLine, quoteHash, quoteOf } from "#features/checkout/rules";
import type { Context } from "#platform/context";
import type { CartAccess } from "./cart-access.ts";
import type { CartWire } from "./schema.ts";

/** A cart's line with what is sold in it. */
export type SoldLine = CartLine & Omit<SellableVariant, "id"> & QuoteLine;

/** Joins lines with their variants; lines whose variant is not sold any more are set apart. */
export function splitLines(
  lines: readonly CartLine[],
  variants: ReadonlyMap<string, SellableVariant>,
): { sold: SoldLine[]; unavailable: CartLine[] } {
  const sold: SoldLine[] = [];
  const unavailable: CartLine[] = [];
  for (const line of lines) {
    const variant = variants.get(line.variantId);
    if (variant) sold.push({ ...variant, ...line, unitPrice: variant.price });
    else unavailable.push(line);
  }
  return { sold, unavailable };
}

/** A cart as the buyer sees it: the object's lines with the cached catalogue's prices, and the quote over them. */
export async function presentCart(context: Context, access: CartAccess, state: CartState): Promise<CartWire> {
  const variantIds = state.lines.map((line) => line.variantId);
  const { sold, unavailable } = splitLines(state.lines, await readVariants(context, variantIds));
  const quote = quoteOf(context.settings.SHOP_CURRENCY, sold);
  return {
    id: access.cartId,
    ...(access.token === undefined ? {} : { token: access.token }),
    ...(await presentQuote(quote)),
    unavailable_lines: unavailable.map(({ id, variantId, quantity }) => ({
      id,
      variant_id: variantId,
      quantity,
    })),
    expires_at: toTimestamp(state.expiresAt),
  };
}

type QuoteWire = Omit<CartWire, "id" | "token" | "unavailable_lines" | "expires_at">;

/** The part of a cart that a buyer agrees to, with the hash that stands for it. */
export async function presentQuote(quote: Quote<SoldLine>): Promise<QuoteWire> {
  return {
    currency: quote.currency,
    lines: quote.lines.map(presentLine),
    discounts: quote.discount.minor === 0 ? [] : [{ title: "Discount", amount: moneyToWire(quote.discount) }],
    subtotal: moneyToWire(quote.subtotal),
    shipping: moneyToWire(quote.shipping),
    tax: moneyToWire(quote.tax),
    total: moneyToWire(quote.total),
    quote_hash: await quoteHash(quote),
  };
}

function presentLine(line: SoldLine & { total: Money }): QuoteWire["lines"][number] {
  return {
    id: line.id,
    variant_id: line.variantId,
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unit_price: moneyToWire(line.unitPrice),
    total: moneyToWire(line.total),
    available: line.available ?? null,
  };
}
