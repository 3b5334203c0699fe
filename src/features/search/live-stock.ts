import type { ProductWire } from "#features/catalog/schema";
import { readLiveLevels } from "#features/inventory/live-levels";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import type { FoundHit } from "./schema.ts";

/**
 * The hits with the stock as it is now: the index hears of a SKU when it becomes low or runs out, not of every unit.
 * While the database is away the index's own figures are better than none.
 */
export async function withLiveStock(
  context: Context,
  hits: readonly FoundHit[],
): Promise<readonly FoundHit[]> {
  const skus = hits.flatMap(({ product }) => product.variants.map(({ sku }) => sku));
  if (skus.length === 0) return hits;
  try {
    const levels = await readLiveLevels(context, skus);
    return hits.map(({ product, highlight }) => ({ product: stocked(product, levels), highlight }));
  } catch (error) {
    context.log("warn", "search results show the stock that the index knows", errorFields(error));
    return hits;
  }
}

type Stocked = { readonly figures: string; readonly product: ProductWire };

/** Each product as it was stocked last: while its figures are the same, it is the same object. */
const stockedLast = new WeakMap<ProductWire, Stocked>();

function stocked(product: ProductWire, levels: ReadonlyMap<string, number | null>): ProductWire {
  const available = product.variants.map((variant) => levels.get(variant.sku) ?? variant.available);
  const figures = available.join();
  const last = stockedLast.get(product);
  if (last?.figures === figures) return last.product;
  const variants = product.variants.map((variant, index) => ({
    ...variant,
    available: available[index] ?? null,
  }));
  const made = { ...product, variants };
  stockedLast.set(product, { figures, product: made });
  return made;
}
