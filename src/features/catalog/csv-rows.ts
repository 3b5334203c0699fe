import { CsvError, parse } from "csv-parse/stream";
import { AppError } from "#core/errors";
import type { CsvRow } from "./import-columns.ts";

/** Bytes of one record; a quote that is never closed would otherwise swallow the file. */
export const csvRecordBytesMax = 1024 * 1024;

/**
 * The records of a CSV file (RFC 4180, UTF-8 with or without a byte order mark), no more of them in memory than a
 * piece of the file has. Those before a fault come before it.
 * @throws AppError invalid_csv where the quoting is broken, body_too_large from the body itself.
 */
export async function* csvRows(body: ReadableStream<Uint8Array>): AsyncGenerator<CsvRow> {
  let records: string[][] = [];
  let number = 0;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    max_record_size: csvRecordBytesMax,
    // Taken here: the parser's own queue would hold a thousand records, and forget them when it meets a fault.
    on_record: (cells: string[]) => {
      records.push(cells);
      return null;
    },
  });
  function* taken(): Generator<CsvRow> {
    const rows = records;
    records = [];
    for (const cells of rows) yield { number: ++number, cells };
  }
  const writer = parser.writable.getWriter();
  try {
    for await (const piece of body) {
      await writer.write(piece);
      // A fault in the piece shows here: the write itself succeeds, and a close after it would hide the reason.
      await writer.ready;
      yield* taken();
    }
    await writer.close();
    yield* taken();
  } catch (error) {
    yield* taken();
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_csv", {
      detail: `${error.message}. Rows before it were taken.`,
      cause: error,
    });
  }
}
