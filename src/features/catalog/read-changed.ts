import { sql } from "drizzle-orm";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import type { ProductDocument } from "./document.ts";
import { type LogPlace, placeOf, selectPlace } from "./epoch.ts";
import { anyOf, documentsOf, selectDocuments } from "./store.ts";

export type CatalogueChange = RecordedEvent<"product.changed" | "product.deleted" | "stock.changed">;

export type ChangedProducts = {
  /** How far the primary had come. */
  readonly place: LogPlace;
  /** Whatever their status. */
  readonly products: readonly ProductDocument[];
};

type Reading = { readonly changes: ReadonlySet<CatalogueChange>; readonly result: Promise<ChangedProducts> };

const readings = new WeakMap<Context, Reading>();

/**
 * The products that changed, as the primary has them now: a replica that lags behind the event would bring the past
 * back. Consumers to whom a drain hands the same events at the same moment share one reading.
 */
export function readChanged(context: Context, changes: readonly CatalogueChange[]): Promise<ChangedProducts> {
  const known = readings.get(context);
  if (known !== undefined && changes.every((change) => known.changes.has(change))) return known.result;
  const result = read(context, changes).finally(() => {
    if (readings.get(context)?.result === result) readings.delete(context);
  });
  readings.set(context, { changes: new Set(changes), result });
  return result;
}

async function read(context: Context, changes: readonly CatalogueChange[]): Promise<ChangedProducts> {
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
  return { place: placeOf(place), products: documentsOf(found) };
}
