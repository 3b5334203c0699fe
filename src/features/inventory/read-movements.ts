import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import type { LedgerEntryWire } from "./schema.ts";
import { readLedger, skuExists } from "./store.ts";

type MovementsPage = { data: LedgerEntryWire[]; has_more: boolean; next_cursor: string | null };

/**
 * A page of a SKU's journal, newest first. Entries are numbered without gaps, so their number is the cursor.
 * @throws AppError not_found.
 */
export async function readMovements(
  context: Context,
  sku: string,
  page: { limit: number; after?: number | undefined },
): Promise<MovementsPage> {
  if (!(await skuExists(context, sku)))
    throw new AppError("not_found", { detail: "No variant has this SKU." });
  const entries = await readLedger(context, sku, { beforeSeq: page.after, rowsMax: page.limit + 1 });
  const data = entries.slice(0, page.limit);
  const hasMore = entries.length > page.limit;
  const last = data.at(-1);
  return { data, has_more: hasMore, next_cursor: hasMore && last ? String(last.seq) : null };
}
