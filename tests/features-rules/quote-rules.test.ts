import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import { Currency, money, moneyToWire } from "#core/money";
import { quoteHash, quoteOf } from "#features/checkout/rules";

const currency = Currency.parse("USD");
const line = fc.record({
  variantId: fc.string(),
  sku: fc.string(),
  quantity: fc.integer({ min: 1, max: 999 }),
  unitPrice: fc.integer({ min: 0, max: 10_000_000_000 }).map((minor) => money(minor, currency)),
});

test("a quote's hash is that of its canonical JSON, so that whoever knows the quote can compute it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      const quote = quoteOf(currency, lines);
      const agreed = {
        lines: quote.lines.map(({ variantId, quantity, unitPrice }) => ({
          variant_id: variantId,
          quantity,
          unit_price: moneyToWire(unitPrice),
        })),
        total: moneyToWire(quote.total),
        discount: moneyToWire(quote.discount),
        shipping: moneyToWire(quote.shipping),
        tax: moneyToWire(quote.tax),
      };
      expect(await quoteHash(quote)).toBe(await sha256Hex(canonicalJson(agreed)));
    }),
  );
});
