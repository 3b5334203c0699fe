import { type CsvRow, type Header, cellOf } from "./import-columns.ts";
import type { Refusal } from "./import-report.ts";

export const groupingLimits = {
  /** Products whose rows may still come: a product is complete when so many others have begun after it. */
  openProductsMax: 100,
  /** Variants and images of one product. */
  rowsPerProductMax: 1_000,
  productsMax: 200_000,
} as const;

/** The rows of one product, in the file's order. */
export type ProductRows = { readonly handle: string; readonly rows: readonly CsvRow[] };

export type Grouped = { readonly complete: readonly ProductRows[]; readonly refused: readonly Refusal[] };

/** Gathers the rows of each product, which need not stand together as long as they are not far apart. */
export function createGrouping(header: Header) {
  const open = new Map<string, CsvRow[]>();
  const begun = new Set<string>();

  function add(row: CsvRow): Grouped {
    if (row.cells.every((cell) => cell.trim() === "")) return nothing;
    const refuse = (reason: string, detail: string) => refusedRow(row, handle || null, { reason, detail });
    const handle = (cellOf(header, row, "handle") ?? "").toLowerCase();
    const beyond = row.cells.slice(header.cellsInRow);
    if (beyond.some((cell) => cell.trim() !== ""))
      return refuse(
        "too_many_cells",
        `The header names ${header.cellsInRow} columns; check the row's quotes.`,
      );
    if (row.cells.some((cell) => cell.includes("\uFFFD")))
      return refuse("not_utf8", "The row has characters that are not UTF-8; save the file as CSV UTF-8.");
    if (handle === "") return refuse("missing_handle", "Every row needs the handle of its product.");
    if (handle.length > 255) return refuse("handle_too_long", "A handle has 255 characters at most.");
    const rows = open.get(handle);
    if (rows !== undefined) {
      if (rows.length >= groupingLimits.rowsPerProductMax)
        return refuse("too_many_rows", `A product has ${groupingLimits.rowsPerProductMax} rows at most.`);
      rows.push(row);
      return nothing;
    }
    if (begun.has(handle))
      return refuse(
        "rows_too_far_apart",
        `More than ${groupingLimits.openProductsMax} products stand between this row and its product's first; sort the file by handle.`,
      );
    if (begun.size >= groupingLimits.productsMax)
      return refuse("too_many_products", `An import takes ${groupingLimits.productsMax} products at most.`);
    begun.add(handle);
    open.set(handle, [row]);
    return open.size > groupingLimits.openProductsMax ? { complete: [closeOldest()], refused: [] } : nothing;
  }

  function closeOldest(): ProductRows {
    const [oldest] = open;
    if (oldest === undefined) throw new Error("no product is open");
    const [handle, rows] = oldest;
    open.delete(handle);
    return { handle, rows };
  }

  /** The products that were still open at the end of the file. */
  function* finish(): Generator<ProductRows> {
    while (open.size > 0) yield closeOldest();
  }

  return { add, finish };
}

const nothing: Grouped = { complete: [], refused: [] };

function refusedRow(
  row: CsvRow,
  handle: string | null,
  { reason, detail }: { reason: string; detail: string },
): Grouped {
  return { complete: [], refused: [{ row: row.number, handle, reason, detail }] };
}
