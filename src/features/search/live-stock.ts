import { readLiveLevels } from "#features/inventory/live-levels";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import type { SearchHit } from "./schema.ts";

/**
 * The hits with the stock as it is now: the index hears of a SKU when it becomes low or runs out, not of every unit.
 * While the database is away the index's own figures are better than none.
 */
export async function withLiveStock(context: Context, hits: readonly SearchHit[]): Promise<SearchHit[]> {
  const skus = hits.flatMap(({ variants }) => variants.map(({ sku }) => sku));
  if (skus.length === 0) return [...hits];
  try {
    const levels = await readLiveLevels(context, skus);
    return hits.map((hit) => ({
      ...hit,
      variants: hit.variants.map((variant) => ({
        ...variant,
        available: levels.get(variant.sku) ?? variant.available,
      })),
    }));
  } catch (error) {
    context.log("warn", "search results show the stock that the index knows", errorFields(error));
    return [...hits];
  }
}
