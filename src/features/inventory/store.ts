import { sql } from "drizzle-orm";
import { z } from "zod";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { LedgerEntryWire } from "./schema.ts";

const Level = z.object({ available: z.coerce.number().nullable(), version: z.coerce.number().nullable() });
export type StockLevel = { available: number; version: number };

/** The latest reported level of a SKU that the catalogue knows, or undefined. Zero until the first report. */
export async function readStockLevel(context: Context, sku: string): Promise<StockLevel | undefined> {
  const { rows } = await context.databases.replica.execute(sql`
    select level.available, level.version
    from variants left join stock_levels level on level.sku = variants.sku where variants.sku = ${sku}`);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { available, version } = Level.parse(row);
  return { available: available ?? 0, version: version ?? 0 };
}

export async function skuExists(context: Context, sku: string): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(sql`select 1 from variants where sku = ${sku}`);
  return rows.length > 0;
}

const LedgerRow = z.object({
  sku: z.string(),
  seq: z.coerce.number(),
  kind: z.string(),
  quantity: z.coerce.number(),
  reservation_id: z.string().nullable(),
  reason: z.string().nullable(),
  on_hand: z.coerce.number(),
  held: z.coerce.number(),
  sold: z.coerce.number(),
  at: z.coerce.date(),
});

/** A SKU's journal, newest first, before the given entry. */
export async function readLedger(
  context: Context,
  sku: string,
  page: { beforeSeq: number | undefined; rowsMax: number },
): Promise<LedgerEntryWire[]> {
  const before = page.beforeSeq === undefined ? sql`true` : sql`seq < ${page.beforeSeq}`;
  const { rows } = await context.databases.primary.execute(sql`
    select sku, seq, kind, quantity, reservation_id, reason, on_hand, held, sold, at
    from stock_ledger where sku = ${sku} and ${before} order by seq desc limit ${page.rowsMax}`);
  return rows.map((row) => {
    const entry = LedgerRow.parse(row);
    return { ...entry, at: toTimestamp(epochMs(entry.at.getTime())) };
  });
}
