import { eq } from "drizzle-orm";
import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { Currency } from "#core/money";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import {
  type IdempotentRequest,
  type Outcome,
  findIdempotencyRecord,
  insertIdempotencyRecord,
  replayOf,
} from "#platform/idempotency";
import type { ProductDocument } from "./document.ts";
import { checkVariants, variantsFromInput } from "./product-input.ts";
import type { ProductWrite } from "./product-record.ts";
import { categoriesOf, newDocument, selectCategories, selectSkus, skusOf } from "./product-surroundings.ts";
import { writeProductsStatements } from "./product-writes.ts";
import { handleFrom } from "./rules.ts";
import { sanitizeHtml } from "./sanitize-html.ts";
import type { NewProduct, ProductWire } from "./schema.ts";
import { products } from "./tables.ts";
import { productToWire } from "./wire.ts";

/** @throws AppError invalid_request, handle_taken, sku_taken. */
export async function createProduct(
  context: Context,
  input: NewProduct,
  request: IdempotentRequest | undefined,
): Promise<Outcome<ProductWire>> {
  const replay = await findReplay(context, request);
  if (replay !== undefined) return replay;
  try {
    return await storeProduct(context, input, request);
  } catch (error) {
    // What stands in the way may be the same request, which came twice and was faster.
    const first = await findReplay(context, request);
    if (first !== undefined) return first;
    throw error;
  }
}

async function storeProduct(
  context: Context,
  input: NewProduct,
  request: IdempotentRequest | undefined,
): Promise<Outcome<ProductWire>> {
  const { write, document } = await prepare(context, input);
  const { primary } = context.databases;
  const body = productToWire(document);
  const writes = writeProductsStatements(context, [write], document.createdAt);
  try {
    if (request === undefined) await transact(primary, writes);
    else
      await transact(primary, [
        // First, so that of two requests with one key the later fails here and not on what the earlier has taken.
        insertIdempotencyRecord(primary, request, { status: 201, body }),
        ...writes,
      ]);
  } catch (error) {
    throw violatesUnique(error, "products_handle_key") ? handleTaken(write.record.handle) : error;
  }
  context.wakeOutbox();
  return { status: 201, body, replayed: false };
}

async function findReplay(
  context: Context,
  request: IdempotentRequest | undefined,
): Promise<Outcome<ProductWire> | undefined> {
  if (request === undefined) return undefined;
  return replayOf<ProductWire>(await findIdempotencyRecord(context.databases.primary, request), request);
}

async function prepare(
  context: Context,
  input: NewProduct,
): Promise<{ write: ProductWrite; document: ProductDocument }> {
  const { primary } = context.databases;
  const handle = input.handle ?? handleFrom(input.title);
  if (handle === "")
    throw new AppError("invalid_request", {
      detail: "The title has no letters to make a handle of; send one.",
      errors: [{ pointer: "/handle", code: "required", detail: "Lower-case letters, digits and hyphens." }],
    });
  const [sameHandle, skuRows, categoryRows] = await transact(primary, [
    primary.select({ id: products.id }).from(products).where(eq(products.handle, handle)),
    selectSkus(
      context,
      input.variants.map(({ sku }) => sku),
    ),
    selectCategories(context, input.categories),
  ]);
  if (sameHandle.length > 0) throw handleTaken(handle);
  const id = newId("product", context.now());
  const skus = skusOf(skuRows, id);
  const categories = categoriesOf(categoryRows, input.categories);
  const { variants: sent, categories: _, currency: priced, product_type: productType, ...content } = input;
  const { variants, firstCounts } = variantsFromInput(sent, input.options, {
    idsBySku: new Map(),
    newId: () => newId("variant", context.now()),
  });
  checkVariants(input.options, variants);
  const currency = Currency.parse(priced ?? context.settings.SHOP_CURRENCY);
  const description = sanitizeHtml(input.description);
  const categoryHandles = categories.map((category) => category.handle);
  const record = { ...content, id, handle, description, productType, currency, categoryHandles, variants };
  const document = newDocument(record, { currency, categories, skus, createdAt: context.now() });
  return { write: { record, expectedVersion: undefined, firstCounts }, document };
}

export function handleTaken(handle: string): AppError {
  return new AppError("handle_taken", {
    detail: `Another product has the handle "${handle}"; choose another.`,
  });
}
