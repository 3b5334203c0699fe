import { AppError, type ErrorCode } from "#core/errors";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { csvRows } from "./csv-rows.ts";
import { batchLimits, importBatch } from "./import-batch.ts";
import { type CsvRow, type Header, readHeader } from "./import-columns.ts";
import { type ProductRows, createGrouping } from "./import-grouping.ts";
import { type ImportedProduct, mapProduct } from "./import-mapping.ts";
import type { ImportLine, Refusal } from "./import-report.ts";
import { type ImportRun, beginRun, countRefusals, endRun } from "./import-run.ts";

/**
 * Takes a Shopify product export while it streams in, a batch a transaction, and tells what becomes of it. Repeating
 * an import changes nothing but what has changed in the file; after a failure it finishes the work.
 * @throws AppError invalid_csv before the first line when the file is no product export; later failures are lines.
 */
export async function* importProducts(
  context: Context,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ImportLine> {
  const rows = csvRows(body);
  const header = await firstRow(rows);
  const run = await beginRun(context, header.ignored);
  let ended = false;
  try {
    yield { type: "started", id: run.id, ignored_columns: header.ignored };
    yield* importRows(context, run, { header, rows });
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

async function firstRow(rows: AsyncGenerator<CsvRow>): Promise<Header> {
  const first = await rows.next();
  const outcome = first.done ? undefined : readHeader(first.value.cells);
  if (outcome === undefined) throw new AppError("invalid_csv", { detail: "The file is empty." });
  if (!outcome.ok) throw new AppError("invalid_csv", { detail: outcome.detail });
  return outcome.header;
}

async function* importRows(
  context: Context,
  run: ImportRun,
  { header, rows }: { header: Header; rows: AsyncGenerator<CsvRow> },
): AsyncGenerator<ImportLine> {
  const grouping = createGrouping(header);
  const batch = createBatch(context, run, header);
  for await (const row of rows) {
    run.counts.rows_read++;
    const { complete, refused } = grouping.add(row);
    countRefusals(run, refused);
    yield* refused.map(refusedLine);
    for (const group of complete) yield* batch.add(group);
  }
  for (const group of grouping.finish()) yield* batch.add(group);
  yield* batch.flush();
}

/** Gathers products and writes them when there are enough for a transaction. */
function createBatch(context: Context, run: ImportRun, header: Header) {
  let products: ImportedProduct[] = [];
  let variants = 0;

  async function* add(group: ProductRows): AsyncGenerator<ImportLine> {
    const { product, refused } = mapProduct(header, group, context.settings.SHOP_CURRENCY);
    countRefusals(run, refused);
    yield* refused.map(refusedLine);
    if (product === undefined) return;
    products.push(product);
    variants += product.variants.length;
    if (products.length >= batchLimits.productsMax || variants >= batchLimits.variantsMax) yield* flush();
  }

  async function* flush(): AsyncGenerator<ImportLine> {
    if (products.length === 0) return;
    const refused = await importBatch(context, run, products);
    products = [];
    variants = 0;
    yield* refused.map(refusedLine);
    yield { type: "progress", ...run.counts };
  }

  return { add, flush };
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
