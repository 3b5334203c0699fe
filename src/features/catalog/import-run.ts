import { eq, sql } from "drizzle-orm";
import { newId } from "#core/ids";
import { epochMs, minuteMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { type ImportCounts, type ImportReport, type Refusal, refusalsKeptMax } from "./import-report.ts";
import { productImports } from "./tables.ts";

/** An import under way: what it has done so far. */
export type ImportRun = {
  readonly id: string;
  counts: ImportCounts;
  /** The first refusals; all are counted. */
  refusals: Refusal[];
  failure: string | null;
};

type Row = typeof productImports.$inferSelect;

/** A running import that wrote nothing for so long has been cut off with its request. */
const silenceMsMax = 2 * minuteMs;

export async function beginRun(context: Context, ignoredColumns: readonly string[]): Promise<ImportRun> {
  const id = newId("import", context.now());
  await context.databases.primary
    .insert(productImports)
    .values({ id, status: "running", ignoredColumns: [...ignoredColumns] });
  const counts = { rows_read: 0, created: 0, updated: 0, unchanged: 0, refused: 0, stock_counts: 0 };
  return { id, counts, refusals: [], failure: null };
}

export function countRefusals(run: ImportRun, refused: readonly Refusal[]): void {
  run.counts.refused += refused.length;
  run.refusals.push(...refused.slice(0, refusalsKeptMax - run.refusals.length));
}

/** The statement that stores how far the import has come. */
export function saveProgress(context: Context, run: ImportRun, counts: ImportCounts) {
  return context.databases.primary
    .update(productImports)
    .set({ ...columnsOf(counts), updatedAt: sql`now()` })
    .where(eq(productImports.id, run.id));
}

export async function endRun(
  context: Context,
  run: ImportRun,
  status: "finished" | "failed",
): Promise<ImportReport> {
  const [row] = await context.databases.primary
    .update(productImports)
    .set({
      ...columnsOf(run.counts),
      status,
      report: run.refusals,
      failure: run.failure,
      updatedAt: sql`now()`,
      finishedAt: sql`now()`,
    })
    .where(eq(productImports.id, run.id))
    .returning();
  if (row === undefined) throw new Error(`import ${run.id} has vanished`);
  return reportOf(context, row);
}

export async function findReport(context: Context, importId: string): Promise<ImportReport | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(productImports)
    .where(eq(productImports.id, importId));
  return row === undefined ? undefined : reportOf(context, row);
}

function columnsOf(counts: ImportCounts) {
  const { rows_read: rowsRead, stock_counts: stockCounts, created, updated, unchanged, refused } = counts;
  return { rowsRead, stockCounts, created, updated, unchanged, refused };
}

function reportOf(context: Context, row: Row): ImportReport {
  const cutOff = row.status === "running" && context.now() - row.updatedAt.getTime() > silenceMsMax;
  const timestamp = (date: Date) => toTimestamp(epochMs(date.getTime()));
  return {
    id: row.id,
    status: cutOff ? "failed" : row.status,
    rows_read: row.rowsRead,
    created: row.created,
    updated: row.updated,
    unchanged: row.unchanged,
    refused: row.refused,
    stock_counts: row.stockCounts,
    ignored_columns: row.ignoredColumns,
    refusals: row.report,
    stock: `${row.stockCounts} new variants got their first stock count; the stock of all others is unchanged.`,
    failure: cutOff
      ? "The upload broke off. Import the file again: what was stored is recognised."
      : row.failure,
    started_at: timestamp(row.startedAt),
    finished_at: row.finishedAt === null ? null : timestamp(row.finishedAt),
  };
}
