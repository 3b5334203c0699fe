import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { readAdminProduct, refuseStale, replaceProduct } from "./admin-product.ts";
import type { ProductDocument } from "./document.ts";
import { mergePatched } from "./merge-patch.ts";
import { defineAttributes } from "./product-attributes.ts";
import { checkVariants, variantsFromInput } from "./product-input.ts";
import { type ProductRecord, type ProductWrite, recordOf } from "./product-record.ts";
import { categoriesOf, selectCategories, selectSkus, skusOf } from "./product-surroundings.ts";
import { sanitizeHtml } from "./sanitize-html.ts";
import type { ProductPatch } from "./schema.ts";

export type ProductChange = {
  readonly id: string;
  /** The version that the client has read. */
  readonly expectedVersion: number;
  readonly patch: ProductPatch;
};

/** @throws AppError not_found, version_mismatch, invalid_request, handle_taken, sku_taken. */
export async function updateProduct(
  context: Context,
  { id, expectedVersion, patch }: ProductChange,
): Promise<ProductDocument> {
  const before = await readAdminProduct(context, id);
  refuseStale(before, expectedVersion);
  const [skuRows, categoryRows] = await transact(context.databases.primary, [
    selectSkus(context, patch.variants?.map(({ sku }) => sku) ?? []),
    selectCategories(context, patch.categories ?? []),
  ]);
  skusOf(skuRows, before.id);
  const categories = categoriesOf(categoryRows, patch.categories ?? []).map(({ handle }) => handle);
  const write = patched(context, before, { patch, categories });
  checkVariants(write.record.options, write.record.variants);
  const touched = patch.attributes !== undefined || patch.variants !== undefined;
  return replaceProduct(context, before, touched ? await defineAttributes(context, write) : write);
}

/** RFC 7396: a member that is present replaces, null empties. */
function patched(
  context: Context,
  before: ProductDocument,
  { patch, categories }: { patch: ProductPatch; categories: string[] },
): ProductWrite {
  const record = recordOf(before);
  const options = patch.options === undefined ? record.options : (patch.options ?? []);
  const { variants, firstCounts } =
    patch.variants === undefined
      ? { variants: record.variants, firstCounts: [] }
      : variantsFromInput(patch.variants, options, {
          idsBySku: new Map(record.variants.map(({ sku, id }) => [sku, id])),
          newId: () => newId("variant", context.now()),
        });
  const next: ProductRecord = {
    ...record,
    title: patch.title ?? record.title,
    handle: patch.handle ?? record.handle,
    status: patch.status ?? record.status,
    description: patch.description === undefined ? record.description : sanitizeHtml(patch.description ?? ""),
    brand: patch.brand === undefined ? record.brand : patch.brand,
    productType: patch.product_type === undefined ? record.productType : patch.product_type,
    tags: patch.tags === undefined ? record.tags : (patch.tags ?? []),
    images: patch.images === undefined ? record.images : (patch.images ?? []),
    attributes: mergePatched(record.attributes, patch.attributes),
    metadata: mergePatched(record.metadata, patch.metadata),
    categoryHandles: patch.categories === undefined ? record.categoryHandles : categories,
    options,
    variants,
  };
  return { record: next, expectedVersion: before.version, firstCounts };
}
