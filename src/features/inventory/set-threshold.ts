import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import type { ThresholdWire } from "./schema.ts";
import { findSku } from "./store.ts";

/**
 * Sets at how many available units a SKU is low. Takes effect at once, and is told like any change of level.
 * @throws AppError not_found, invalid_request.
 */
export async function setThreshold(context: Context, sku: string, lowAt: number): Promise<ThresholdWire> {
  const { firstCount } = await findSku(context, sku);
  const reply = await context.objects.inventory(sku).setThreshold({ type: "threshold", lowAt }, firstCount);
  if (!reply.ok) throw new AppError("invalid_request", { detail: "The threshold is beyond its limits." });
  const { stock } = reply;
  const available = stock.onHand - stock.held - stock.sold;
  return { sku, low_at: stock.lowAt, level: stock.level, available, version: stock.seq };
}
