import type { Context } from "#platform/context";
import { publishToCache } from "./cached-products.ts";
import { changes } from "./changes.ts";
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
  changed: readonly CatalogueChange[],
): Promise<{ bytes: number }> {
  const { place, products } = await readChanged(context, changed);
  for (const product of products) rememberHandle(context, product.handle, product.id);
  const [{ bytes, news }] = await Promise.all([
    publishToCache(context, products),
    advanceEpoch(context, place),
  ]);
  // Last, so that whoever hears of it and reads anew finds it.
  await changes.announce(context, news);
  return { bytes };
}
