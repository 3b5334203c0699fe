import { sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { attributeKeysOf } from "./product-attributes.ts";
import { readDefinitions } from "./attribute-store.ts";
import { readCategoryDetails } from "./category-store.ts";
import type { CategoryDetails } from "./details.ts";
import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import type { ProductDocument, ProductStatus } from "./document.ts";
import { csvHeader, csvRowsOf } from "./export-csv.ts";
import { productLineOf } from "./export-json-lines.ts";
import { documentsOf, selectDocuments } from "./store.ts";

/** Products read at once; no more are in memory. */
const productsPerRead = 100;

export type ExportFormat = "csv" | "json_lines";

const writers = {
  csv: { head: csvHeader, write: csvRowsOf },
  json_lines: { head: "", write: productLineOf },
} as const;

/**
 * The whole catalogue as a file, piece by piece, by handle: what it has when its turn comes, whatever changes
 * meanwhile. Imported into an empty shop and exported again, it is the same byte for byte.
 */
export async function* exportProducts(
  context: Context,
  { format, status }: { format: ExportFormat; status: ProductStatus | undefined },
): AsyncGenerator<string> {
  const { head, write } = writers[format];
  const definitions = new Map(
    (await readDefinitions(context.databases.primary)).map((definition) => [definition.key, definition]),
  );
  const categories = await readCategoryDetails(context.databases.primary);
  if (head !== "") yield head;
  let handle: string | undefined;
  for (;;) {
    const products = await readAfter(context, handle, status);
    const text = products.map((product) =>
      write({
        product,
        definitions: takeNeeded(definitions, product),
        categoryDetails: takeDetails(categories, product),
      }),
    );
    if (text.length > 0) yield text.join("");
    if (products.length < productsPerRead) return;
    handle = products.at(-1)?.handle;
  }
}

/** The definitions of the product's attributes; nobody after it needs them again. */
function takeNeeded(
  definitions: Map<string, AttributeDefinitionWire>,
  product: ProductDocument,
): AttributeDefinitionWire[] {
  const keys = [...attributeKeysOf(product)].toSorted((a, b) => (a < b ? -1 : 1));
  return keys.flatMap((key) => {
    const definition = definitions.get(key);
    definitions.delete(key);
    return definition ?? [];
  });
}

/** The details of the product's categories, for each once in a file. */
function takeDetails(
  details: Map<string, CategoryDetails>,
  { categories }: ProductDocument,
): ReadonlyMap<string, CategoryDetails> {
  const taken = new Map<string, CategoryDetails>();
  for (const { handle } of categories) {
    const found = details.get(handle);
    if (found === undefined) continue;
    taken.set(handle, found);
    details.delete(handle);
  }
  return taken;
}

async function readAfter(
  context: Context,
  handle: string | undefined,
  status: ProductStatus | undefined,
): Promise<ProductDocument[]> {
  const beyond = handle === undefined ? sql`true` : sql`p.handle > ${handle}`;
  const wanted = status === undefined ? sql`true` : sql`p.status = ${status}`;
  const { primary } = context.databases;
  return documentsOf(
    await selectDocuments(primary, sql`${beyond} and ${wanted} order by p.handle limit ${productsPerRead}`),
  );
}
