import { sha256Hex } from "#core/canonical-json";
import { type Currency, type Money, money, moneyToWire, multiplyMoney, sumMoney } from "#core/money";

/** A line to be priced. */
export type QuoteLine = {
  readonly variantId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: Money;
};

/** What a cart costs: the same lines and prices always give the same quote. */
export type Quote<Line extends QuoteLine = QuoteLine> = {
  readonly currency: Currency;
  readonly lines: readonly (Line & { readonly total: Money })[];
  readonly subtotal: Money;
  readonly discount: Money;
  readonly shipping: Money;
  readonly tax: Money;
  readonly total: Money;
};

/**
 * Prices lines in the shop's currency. Prices include tax and shipping is free: discount, shipping and tax are zero.
 * @throws RangeError when a price is in another currency; the caller leaves such lines out.
 */
export function quoteOf<Line extends QuoteLine>(currency: Currency, lines: readonly Line[]): Quote<Line> {
  const priced = lines.map((line) => ({ ...line, total: multiplyMoney(line.unitPrice, line.quantity) }));
  const subtotal = sumMoney(
    priced.map((line) => line.total),
    currency,
  );
  const zero = money(0, currency);
  return { currency, lines: priced, subtotal, discount: zero, shipping: zero, tax: zero, total: subtotal };
}

/**
 * The fingerprint of a quote: it changes when anything that the buyer agreed to has changed. It is over the canonical
 * JSON of that, whose members are in order here already.
 */
export function quoteHash(quote: Quote): Promise<string> {
  const agreed = {
    discount: moneyToWire(quote.discount),
    lines: quote.lines.map((line) => ({
      quantity: line.quantity,
      unit_price: moneyToWire(line.unitPrice),
      variant_id: line.variantId,
    })),
    shipping: moneyToWire(quote.shipping),
    tax: moneyToWire(quote.tax),
    total: moneyToWire(quote.total),
  };
  return sha256Hex(JSON.stringify(agreed));
}
