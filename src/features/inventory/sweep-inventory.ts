import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { compareStock } from "./reconcile-stock.ts";
import { takeSkusToCompare } from "./store.ts";

/** SKUs compared in one sweep; each is a call of its object and two queries. */
const skusMax = 20;

export type InventorySweep = { compared: number; drifted: string[] };

/**
 * Compares the SKUs that were not compared for the longest time, some in each sweep, and tells of drift. It repairs
 * nothing. A fault with one SKU stops no other.
 */
export async function sweepInventory(context: Context): Promise<InventorySweep> {
  const skus = await takeSkusToCompare(context, skusMax);
  const drifted: string[] = [];
  for (const sku of skus) {
    try {
      if (await tellDrift(context, sku)) drifted.push(sku);
    } catch (error) {
      context.log("warn", "a SKU could not be compared with its books", { ...errorFields(error), sku });
    }
  }
  if (drifted.length > 0) context.wakeOutbox();
  return { compared: skus.length, drifted };
}

async function tellDrift(context: Context, sku: string): Promise<boolean> {
  const { drift } = await compareStock(context, sku);
  if (drift.length === 0) return false;
  context.log("error", "object, ledger and orders disagree about a SKU", { sku, count: drift.length });
  const kinds = [...new Set(drift.map(({ kind }) => kind))].toSorted();
  await insertEvents(context, [
    { type: "inventory.drift_found", subject: sku, data: { sku, count: drift.length, kinds } },
  ]);
  return true;
}
