import type { Context } from "#platform/context";
import { publishToCache } from "./cached-products.ts";
import { advanceEpoch } from "./epoch.ts";
import { rememberHandle } from "./product-ids.ts";
import { type CatalogueChange, readChanged } from "./read-changed.ts";

/** Publishes the product as it is now and declares older lists stale. */
export async function refreshCatalogueCache(context: Context, change: CatalogueChange): Promise<void> {
  await refreshCatalogueCacheOf(context, [change]);
}

/** The same for many changes at once. */
export async function refreshCatalogueCacheOf(
  context: Context,
  changes: readonly CatalogueChange[],
): Promise<{ bytes: number }> {
  const { place, products } = await readChanged(context, changes);
  for (const product of products) rememberHandle(context, product.handle, product.id);
  const [bytes] = await Promise.all([publishToCache(context, products), advanceEpoch(context, place)]);
  return { bytes };
}
