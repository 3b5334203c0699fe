import { sql } from "drizzle-orm";
import { z } from "zod";
import { AppError } from "#core/errors";
import { type EpochMs, epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import { readNearby } from "#platform/nearby-reads";
import { type AlertLevel, type LedgerEntryWire, alertLevels } from "./schema.ts";

const Level = z.object({
  available: z.coerce.number(),
  version: z.coerce.number(),
  low_at: z.coerce.number(),
});
export type StockLevel = { available: number; version: number; lowAt: number };

/** The latest reported level of a SKU that the catalogue knows, or undefined. Zero until the first report. */
export async function readStockLevel(context: Context, sku: string): Promise<StockLevel | undefined> {
  const { rows } = await readNearby(context, (database) =>
    database.execute(sql`
    select coalesce(level.available, 0) as available, coalesce(level.version, 0) as version,
      coalesce(level.low_at, 0) as low_at
    from variants left join stock_levels level on level.sku = variants.sku where variants.sku = ${sku}`),
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { low_at: lowAt, ...level } = Level.parse(row);
  return { ...level, lowAt };
}

export async function skuExists(context: Context, sku: string): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(sql`select 1 from variants where sku = ${sku}`);
  return rows.length > 0;
}

const FirstCount = z.object({ first_count: z.coerce.number().nullable() });

/**
 * A SKU of the catalogue, with the first count that its object may not have taken yet: a level of version 0 was written
 * with the variant itself.
 * @throws AppError not_found.
 */
export async function findSku(context: Context, sku: string): Promise<{ firstCount: number | undefined }> {
  const { rows } = await context.databases.primary.execute(sql`
    select case when level.version = 0 then level.on_hand end as first_count
    from variants left join stock_levels level on level.sku = variants.sku where variants.sku = ${sku}`);
  const [row] = rows;
  if (row === undefined) throw new AppError("not_found", { detail: "No variant has this SKU." });
  return { firstCount: FirstCount.parse(row).first_count ?? undefined };
}

const LedgerRow = z.object({
  sku: z.string(),
  seq: z.coerce.number(),
  epoch: z.coerce.number(),
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
    select sku, seq, epoch, kind, quantity, reservation_id, reason, on_hand, held, sold, at
    from stock_ledger where sku = ${sku} and ${before} order by seq desc limit ${page.rowsMax}`);
  return rows.map((row) => {
    const entry = LedgerRow.parse(row);
    return { ...entry, at: toTimestamp(epochMs(entry.at.getTime())) };
  });
}

const AlertRow = z.object({
  sku: z.string(),
  product_id: z.string(),
  level: z.enum(alertLevels),
  available: z.coerce.number(),
  on_hand: z.coerce.number(),
  held: z.coerce.number(),
  sold: z.coerce.number(),
  low_at: z.coerce.number(),
  version: z.coerce.number(),
  level_since: z.coerce.date(),
});
export type AlertRow = Omit<z.infer<typeof AlertRow>, "level_since"> & { since: EpochMs };

/** SKUs that are low or out and still in the catalogue, from a place on. */
export async function selectAlerts(
  context: Context,
  level: AlertLevel | undefined,
  { direction, from, rowsMax }: Travel,
): Promise<AlertRow[]> {
  const ofLevel = level === undefined ? sql`true` : sql`alert.level = ${level}`;
  const [sku] = from ?? [];
  const [comparison, order] = direction === "after" ? [sql`>`, sql`asc`] : [sql`<`, sql`desc`];
  const beyond = sku === undefined ? sql`true` : sql`alert.sku ${comparison} ${sku}`;
  const { rows } = await context.databases.primary.execute(sql`
    select alert.sku, variants.product_id, alert.level, alert.available, alert.on_hand, alert.held, alert.sold,
      alert.low_at, alert.version, alert.level_since
    from stock_levels alert join variants on variants.sku = alert.sku
    where alert.level <> 'in_stock' and ${ofLevel} and ${beyond}
    order by alert.sku ${order} limit ${rowsMax}`);
  return rows.map((each) => {
    const { level_since: since, ...row } = AlertRow.parse(each);
    return { ...row, since: epochMs(since.getTime()) };
  });
}

/** Each SKU is compared once in this time. */
const compareEverySeconds = 24 * 60 * 60;

/**
 * Takes the SKUs that were not compared for the longest time, so that the next sweep goes on behind them. Before its
 * object has reported, a SKU has no books to compare.
 */
export async function takeSkusToCompare(context: Context, skusMax: number): Promise<string[]> {
  const { rows } = await context.databases.primary.execute(sql`
    with due as (
      select sku from stock_levels
      where version > 0 and reconciled_at < now() - make_interval(secs => ${compareEverySeconds})
      order by reconciled_at limit ${skusMax} for update skip locked)
    update stock_levels level set reconciled_at = now() from due where level.sku = due.sku
    returning level.sku`);
  return rows.map((row) => z.object({ sku: z.string() }).parse(row).sku);
}
