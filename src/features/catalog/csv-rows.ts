import { CsvError, parse } from "csv-parse/stream";
import { AppError } from "#core/errors";
import type { CsvRow } from "./import-columns.ts";

/** Bytes of one record; a quote that is never closed would otherwise swallow the file. */
export const csvRecordBytesMax = 1024 * 1024;

/**
 * The records of a CSV file (RFC 4180, UTF-8 with or without a byte order mark), read as they stream in.
 * @throws AppError invalid_csv where the quoting is broken, body_too_large from the body itself.
 */
export async function* csvRows(body: ReadableStream<Uint8Array>): AsyncGenerator<CsvRow> {
  const records: ReadableStream<string[]> = body.pipeThrough(
    parse({
      bom: true,
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      max_record_size: csvRecordBytesMax,
    }),
  );
  let number = 0;
  try {
    for await (const cells of records) yield { number: ++number, cells };
  } catch (error) {
    if (error instanceof CsvError)
      throw new AppError("invalid_csv", { detail: `After row ${number}: ${error.message}.`, cause: error });
    throw error;
  }
}
