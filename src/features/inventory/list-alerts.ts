import { toTimestamp } from "#core/time";
import type { Page, PageRequest } from "#core/page";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import type { AlertLevel, StockAlertWire } from "./schema.ts";
import { type AlertRow, selectAlerts } from "./store.ts";

/** A page of the SKUs that are low or out, by SKU. */
export async function listAlerts(
  context: Context,
  level: AlertLevel | undefined,
  request: PageRequest,
): Promise<Page<StockAlertWire>> {
  const page = await readPage<AlertRow>(context.settings, request, {
    name: `stock alerts ${level ?? "all"}`,
    positionOf: (row) => [row.sku],
    read: (travel) => selectAlerts(context, level, travel),
  });
  const present = ({ since, ...row }: AlertRow): StockAlertWire => ({
    ...row,
    since: toTimestamp(since),
  });
  return { ...page, items: page.items.map(present) };
}
