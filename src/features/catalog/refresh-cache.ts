import { sql } from "drizzle-orm";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { publishToCache } from "./cached-products.ts";
import { advanceEpoch, placeOf, selectPlace } from "./epoch.ts";
import { rememberHandle } from "./product-ids.ts";
import { documentsOf, selectDocuments } from "./store.ts";

/**
 * Publishes the product as it is now and declares older lists stale. It reads the primary, so that a replica that lags
 * behind the event cannot bring the past back.
 */
export async function refreshCatalogueCache(
  context: Context,
  event: RecordedEvent<"product.changed" | "product.deleted" | "stock.changed">,
): Promise<void> {
  const { primary } = context.databases;
  const condition =
    event.type === "stock.changed"
      ? sql`p.id = (select product_id from variants where sku = ${event.data.sku})`
      : sql`p.id = ${event.data.product_id}`;
  const [place, found] = await transact(primary, [selectPlace(primary), selectDocuments(primary, condition)]);
  const products = documentsOf(found);
  await publishToCache(context, products);
  for (const product of products) rememberHandle(context, product.handle, product.id);
  await advanceEpoch(context, placeOf(place));
}
