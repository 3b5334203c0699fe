import { eq } from "drizzle-orm";
import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { Currency } from "#core/money";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import type { ProductDocument } from "./document.ts";
import { defineAttributes } from "./product-attributes.ts";
import { checkVariants, variantsFromInput } from "./product-input.ts";
import type { ProductWrite } from "./product-record.ts";
import { categoriesOf, newDocument, selectCategories, selectSkus, skusOf } from "./product-surroundings.ts";
import { writeProductsStatements } from "./product-writes.ts";
import { handleFrom } from "./rules.ts";
import { sanitizeHtml } from "./sanitize-html.ts";
import type { AdminProductWire, NewProduct } from "./schema.ts";
import { products } from "./tables.ts";
import { productToAdminWire } from "./wire.ts";

/** @throws AppError invalid_request, handle_taken, sku_taken. */
export async function createProduct(context: Context, input: NewProduct): Promise<AdminProductWire> {
  const { write, document } = await prepare(context, input);
  const body = productToAdminWire(document);
  try {
    await transact(context.databases.primary, [
      ...writeProductsStatements(context, [write], document.createdAt),
      ...recordAnswer(context, body),
    ]);
  } catch (error) {
    throw violatesUnique(error, "products_handle_key") ? handleTaken(write.record.handle) : error;
  }
  context.wakeOutbox();
  return body;
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
  const write = await defineAttributes(context, { record: record, expectedVersion: undefined, firstCounts });
  const document = newDocument(write.record, {
    currency,
    categories,
    skus,
    firstCounts,
    createdAt: context.now(),
  });
  return { write, document };
}

export function handleTaken(handle: string): AppError {
  return new AppError("handle_taken", {
    detail: `Another product has the handle "${handle}"; choose another.`,
  });
}
