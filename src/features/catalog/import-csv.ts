import { AppError } from "#core/errors";
import { csvRows } from "./csv-rows.ts";
import { type CsvRow, type Header, readHeader } from "./import-columns.ts";
import { createGrouping } from "./import-grouping.ts";
import { mapProduct } from "./import-mapping.ts";
import type { ImportItem, ImportSource } from "./import-source.ts";

/** @throws AppError invalid_csv when the file is no product export. */
export async function csvSource(body: ReadableStream<Uint8Array>, currency: string): Promise<ImportSource> {
  const rows = csvRows(body);
  const header = await firstRow(rows);
  return { ignored: header.ignored, items: itemsOf(rows, header, currency) };
}

async function firstRow(rows: AsyncGenerator<CsvRow>): Promise<Header> {
  const first = await rows.next();
  const outcome = first.done ? undefined : readHeader(first.value.cells);
  if (outcome === undefined) throw new AppError("invalid_csv", { detail: "The file is empty." });
  if (!outcome.ok) throw new AppError("invalid_csv", { detail: outcome.detail });
  return outcome.header;
}

async function* itemsOf(
  rows: AsyncGenerator<CsvRow>,
  header: Header,
  currency: string,
): AsyncGenerator<ImportItem> {
  const grouping = createGrouping(header);
  for await (const row of rows) {
    const { complete, refused } = grouping.add(row);
    yield { rowsRead: 1, refused };
    for (const group of complete) yield { rowsRead: 0, ...mapProduct(header, group, currency) };
  }
  for (const group of grouping.finish()) yield { rowsRead: 0, ...mapProduct(header, group, currency) };
}
