import { AppError } from "#core/errors";
import { type ImportedProduct, stepsOf } from "./import-mapping.ts";
import type { ImportItem, ImportSource } from "./import-source.ts";
import type { ImportedVariant } from "./import-variants.ts";
import { variantContent, variantErrors } from "./product-input.ts";
import { ProductLine } from "./product-line.ts";
import { sanitizeHtml } from "./sanitize-html.ts";
import { textLines } from "./text-lines.ts";

/** Products of one file; more are two files. */
const productsMax = 200_000;

/** @throws AppError invalid_json_lines when the first line is no JSON. */
export async function jsonLinesSource(body: ReadableStream<Uint8Array>): Promise<ImportSource> {
  const lines = textLines(body);
  const first = await lines.next();
  if (first.done) throw new AppError("invalid_json_lines", { detail: "The file is empty." });
  if (parsed(first.value) === undefined)
    throw new AppError("invalid_json_lines", { detail: "The first line is no JSON object." });
  return { ignored: [], items: itemsOf(first.value, lines) };
}

async function* itemsOf(first: string, rest: AsyncGenerator<string>): AsyncGenerator<ImportItem> {
  const handles = new Set<string>();
  let row = 1;
  yield itemOf(first, row, handles);
  for await (const line of rest) yield itemOf(line, ++row, handles);
}

function itemOf(line: string, row: number, handles: Set<string>): ImportItem {
  if (line.trim() === "") return { rowsRead: 0, refused: [] };
  const refuse = (handle: string | null, reason: string, detail: string): ImportItem => ({
    rowsRead: 1,
    refused: [{ row, handle, reason, detail: `${detail} The product is left out.` }],
  });
  const outcome = ProductLine.safeParse(parsed(line));
  if (!outcome.success) {
    const [issue] = outcome.error.issues;
    return refuse(null, "not_as_described", `${issue?.path.join("/") ?? ""}: ${issue?.message ?? ""}.`);
  }
  const { handle } = outcome.data;
  if (handles.has(handle)) return refuse(handle, "duplicate_handle", "The handle stands in an earlier line.");
  if (handles.size >= productsMax)
    return refuse(handle, "too_many_products", `An import takes ${productsMax} products at most.`);
  handles.add(handle);
  const product = productOf(outcome.data, row);
  const [misfit] = variantErrors(product.options, product.variants);
  if (misfit !== undefined)
    return refuse(handle, "variants_do_not_fit", `${misfit.pointer.slice(1)}: ${misfit.detail}`);
  return { rowsRead: 1, refused: [], product };
}

/** Undefined is what is no JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function productOf(line: ProductLine, row: number): ImportedProduct {
  const { product_type: productType, categories, variants, definitions = [], ...rest } = line;
  return {
    ...rest,
    row,
    productType,
    definitions,
    description: sanitizeHtml(rest.description),
    categories: stepsOf(categories),
    variants: variants.map((variant): ImportedVariant => ({
      row,
      title: variant.title,
      ...variantContent(variant),
      quantity: variant.quantity ?? undefined,
    })),
  };
}
