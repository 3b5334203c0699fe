import { AppError, type ErrorCode } from "#core/errors";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { batchLimits, importBatch } from "./import-batch.ts";
import { csvSource } from "./import-csv.ts";
import { jsonLinesSource } from "./import-json-lines.ts";
import type { ImportedProduct } from "./import-mapping.ts";
import type { ImportLine, Refusal } from "./import-report.ts";
import type { ImportSource } from "./import-source.ts";
import { type ImportRun, beginRun, countRefusals, endRun } from "./import-run.ts";

const sources = { csv: csvSource, json_lines: jsonLinesSource } as const;
export type ImportFormat = keyof typeof sources;

/**
 * Takes a product file while it streams in, a batch a transaction, and tells what becomes of it. Repeating an import
 * changes nothing but what has changed in the file; after a failure it finishes the work.
 * @throws AppError invalid_csv, invalid_json_lines before the first line when the file is none; later failures are
 * lines.
 */
export async function* importProducts(
  context: Context,
  body: ReadableStream<Uint8Array>,
  format: ImportFormat,
): AsyncGenerator<ImportLine> {
  const source = await sources[format](body, context.settings.SHOP_CURRENCY);
  const run = await beginRun(context, source.ignored);
  let ended = false;
  // A file may take minutes: search and caches follow while it is read.
  context.releaseWakeUps();
  try {
    yield { type: "started", id: run.id, ignored_columns: source.ignored };
    yield* importItems(context, run, source);
    ended = true;
    yield { type: "finished", ...(await endRun(context, run, "finished")) };
  } catch (error) {
    ended = true;
    const { code, detail } = failureOf(context, error);
    run.failure = detail;
    yield { type: "failed", code, detail, ...(await endRun(context, run, "failed")) };
  } finally {
    context.wakeOutbox();
    if (!ended) {
      run.failure = "The client went away. Import the file again: what was stored is recognised.";
      await endRun(context, run, "failed");
    }
  }
}

/** Gathers products and writes them when there are enough for a transaction. */
async function* importItems(
  context: Context,
  run: ImportRun,
  source: ImportSource,
): AsyncGenerator<ImportLine> {
  let products: ImportedProduct[] = [];
  let variants = 0;
  async function* flush(): AsyncGenerator<ImportLine> {
    if (products.length === 0) return;
    const refused = await importBatch(context, run, products);
    context.wakeOutbox();
    products = [];
    variants = 0;
    yield* refused.map(refusedLine);
    yield { type: "progress", ...run.counts };
  }
  for await (const { rowsRead, refused, product } of source.items) {
    run.counts.rows_read += rowsRead;
    countRefusals(run, refused);
    yield* refused.map(refusedLine);
    if (product === undefined) continue;
    products.push(product);
    variants += product.variants.length;
    if (products.length >= batchLimits.productsMax || variants >= batchLimits.variantsMax) yield* flush();
  }
  yield* flush();
}

function refusedLine(refusal: Refusal): ImportLine {
  return { type: "refused", ...refusal };
}

function failureOf(context: Context, error: unknown): { code: ErrorCode; detail: string } {
  if (error instanceof AppError) return { code: error.code, detail: error.message };
  context.log("error", "an import failed", errorFields(error));
  context.reportError(error, { request_id: context.requestId });
  return { code: "internal_error", detail: "The import stopped by a fault of ours. Import the file again." };
}
