import { type SQL, sql } from "drizzle-orm";
import { availabilityStatus, lowAtUsually } from "#features/inventory/rules";
import type { FirstCount } from "./product-record.ts";

/**
 * Keeps the first counts of new variants as levels of version 0: on sale at once, without a call of each SKU's inventory
 * object. The object takes them on its first touch, whose caller passes them on, and reports from version 1 on. A SKU
 * that has a level keeps it: what a variant that went and came back has in stock is known already.
 */
export function insertFirstCounts(firstCounts: readonly FirstCount[]): SQL {
  const rows = firstCounts.map(({ sku, quantity }) => ({
    sku,
    quantity,
    level: availabilityStatus(quantity, lowAtUsually),
  }));
  return sql`
    insert into stock_levels (sku, on_hand, held, sold, version, level)
    select sku, quantity, 0, 0, 0, level
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (sku text, quantity bigint, level text)
    on conflict (sku) do nothing`;
}
