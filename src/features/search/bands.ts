import type { Currency } from "#core/money";

/**
 * Least amounts of the price bands in minor units, growing by 1, 2.5 and 5: wide enough to be few, narrow enough to
 * choose by. A product is in the bands of all its variants' prices.
 */
const priceFloors: readonly number[] = (() => {
  const floors = [0];
  for (let step = 1_000; step * 5 < Number.MAX_SAFE_INTEGER; step *= 10)
    floors.push(step, step * 2.5, step * 5);
  return floors;
})();

const wholeStars = [1, 2, 3, 4, 5] as const;

/** The bands of these prices as the index keeps them, each once: amounts of two currencies never share one. */
export function priceBandsOf(prices: readonly number[], currency: Currency): string[] {
  const floors = prices.map((price) => priceFloors.findLast((floor) => floor <= price) ?? 0);
  return [...new Set(floors)].map((floor) => `${currency} ${floor}`);
}

/** The whole stars that a rating reaches, so that each counts whoever has at least so many. */
export function starsReached(rating: number): number[] {
  return wholeStars.filter((stars) => stars <= rating);
}

/** A band of the index as the range that it is; the last one is open. Undefined when it is of another currency. */
export function priceRangeOf(
  band: string,
  currency: string,
): { readonly from: number; readonly to: number | null } | undefined {
  const [bandCurrency, floor] = band.split(" ");
  if (bandCurrency !== currency) return undefined;
  const from = Number(floor);
  const next = priceFloors[priceFloors.indexOf(from) + 1];
  return { from, to: next === undefined ? null : next - 1 };
}
