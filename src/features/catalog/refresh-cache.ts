import { sql } from "drizzle-orm";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { publishToCache } from "./cached-products.ts";
import { advanceEpoch, placeOf, selectPlace } from "./epoch.ts";
import { rememberHandle } from "./product-ids.ts";
import { anyOf, documentsOf, selectDocuments } from "./store.ts";

type Change = RecordedEvent<"product.changed" | "product.deleted" | "stock.changed">;

/** Changes that were handed over at the same moment, and their common refresh. */
type Gathering = { readonly changes: Change[]; readonly refreshed: Promise<void> };

const gatherings = new WeakMap<Context, Gathering>();

/**
 * Publishes the product as it is now and declares older lists stale. It reads the primary, so that a replica that lags
 * behind the event cannot bring the past back. Events that a drain hands over together share one reading; if that
 * fails each is tried alone, so that none fails for another's sake.
 */
export async function refreshCatalogueCache(context: Context, change: Change): Promise<void> {
  const { changes, refreshed } = gatherings.get(context) ?? gather(context);
  changes.push(change);
  try {
    await refreshed;
  } catch (error) {
    if (changes.length === 1) throw error;
    await refresh(context, [change]);
  }
}

function gather(context: Context): Gathering {
  const changes: Change[] = [];
  const refreshed = Promise.resolve().then(() => {
    gatherings.delete(context);
    return refresh(context, changes);
  });
  const gathering = { changes, refreshed };
  gatherings.set(context, gathering);
  return gathering;
}

async function refresh(context: Context, changes: readonly Change[]): Promise<void> {
  const { primary } = context.databases;
  const ids = changes.flatMap((change) => (change.type === "stock.changed" ? [] : [change.data.product_id]));
  const skus = changes.flatMap((change) => (change.type === "stock.changed" ? [change.data.sku] : []));
  const [place, found] = await transact(primary, [
    selectPlace(primary),
    selectDocuments(
      primary,
      sql`p.id = any (array(
        select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)
        union select product_id from variants where sku = ${anyOf(skus)}))`,
    ),
  ]);
  const products = documentsOf(found);
  await publishToCache(context, products);
  for (const product of products) rememberHandle(context, product.handle, product.id);
  await advanceEpoch(context, placeOf(place));
}
