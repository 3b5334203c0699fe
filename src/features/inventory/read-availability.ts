import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { availabilityStatus } from "./rules.ts";
import type { AvailabilityWire } from "./schema.ts";
import { readStockLevel } from "./store.ts";

/**
 * How many units can be sold, as last reported by the SKU's object: advisory, an order's hold decides.
 * @throws AppError not_found.
 */
export async function readAvailability(context: Context, sku: string): Promise<AvailabilityWire> {
  const level = await readStockLevel(context, sku);
  if (level === undefined) throw new AppError("not_found", { detail: "No variant has this SKU." });
  const { available, version, lowAt } = level;
  return { sku, available, version, status: availabilityStatus(available, lowAt) };
}
