import type { Currency } from "#core/money";
import { comparedCurrency } from "./rules.ts";
import type { SearchFilters } from "./schema.ts";

/** Conditions in the index's filter language, all of which must hold. Clients' texts appear only as quoted literals. */
export function filterExpressions(filters: SearchFilters, shopCurrency: Currency): string[] {
  const { category, brand, price_min, price_max, rating_min, in_stock } = filters;
  const currency = comparedCurrency(filters, shopCurrency);
  const conditions = [
    category !== undefined &&
      `category_handles = ${literal(category)} OR category_ids = ${literal(category)}`,
    brand !== undefined && `brand = ${literal(brand)}`,
    currency !== undefined && `currency = ${literal(currency)}`,
    rating_min !== undefined && `rating >= ${rating_min}`,
    in_stock !== undefined && `in_stock = ${in_stock}`,
    (price_min !== undefined || price_max !== undefined) &&
      `prices ${price_min ?? 0} TO ${price_max ?? Number.MAX_SAFE_INTEGER}`,
  ];
  return conditions.filter((condition) => condition !== false);
}

/**
 * A quoted literal. The backslash is escaped as well, or a text that ends in one would open the quotes; Meilisearch
 * keeps both backslashes then, so that a text with one finds nothing, which is safe.
 */
function literal(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
