import type { Currency } from "#core/money";

/** The currency that amounts are compared in: the one asked for, else the shop's where prices decide anything. */
export function comparedCurrency(
  query: {
    readonly currency?: string | undefined;
    readonly price_min?: number | undefined;
    readonly price_max?: number | undefined;
    readonly sort: string;
  },
  shopCurrency: Currency,
): string | undefined {
  const comparesPrices =
    query.price_min !== undefined || query.price_max !== undefined || query.sort.endsWith("price");
  return query.currency ?? (comparesPrices ? shopCurrency : undefined);
}
