import type { ProductDocument } from "./document.ts";
import type { ImportedProduct } from "./import-mapping.ts";
import type { ImportedVariant } from "./import-variants.ts";
import type { Refusal } from "./import-report.ts";
import {
  type FirstCount,
  type ProductRecord,
  type ProductWrite,
  type VariantRecord,
  recordOf,
  sameContent,
} from "./product-record.ts";

/** What the catalogue holds where a product is to go. */
export type Surroundings = {
  /** The product that has the imported handle. */
  readonly existing: ProductDocument | undefined;
  /** The products that have the imported SKUs. */
  readonly ownersOfSkus: ReadonlyMap<string, string>;
  /** The imported SKUs whose stock is known, from variants that have gone as well. */
  readonly countedSkus: ReadonlySet<string>;
  readonly newProductId: () => string;
  readonly newVariantId: () => string;
};

export type Merged =
  | {
      readonly kind: "created" | "updated";
      readonly write: ProductWrite;
      readonly refused: readonly Refusal[];
    }
  | { readonly kind: "unchanged" | "refused"; readonly refused: readonly Refusal[] };

/**
 * Lays an imported product over the one that is there: what the file has no column for stays, variants are known by
 * their SKU, and those that the file no longer has go.
 */
export function mergeProduct(imported: ImportedProduct, surroundings: Surroundings): Merged {
  const { existing } = surroundings;
  const { currency } = imported;
  if (existing !== undefined && existing.currency !== currency)
    return refuseProduct(
      imported,
      "other_currency",
      `The product is priced in ${existing.currency}, the file in ${currency}.`,
    );
  const productId = existing?.id ?? surroundings.newProductId();
  const { taken, refused } = withoutForeignSkus(imported, productId, surroundings);
  if (taken.length === 0) return { kind: "refused", refused };
  const known = new Map(existing?.variants.map((variant) => [variant.sku, variant]));
  const firstCounts: FirstCount[] = [];
  const variants = taken.map((variant): VariantRecord => {
    const before = known.get(variant.sku);
    const id = before?.id ?? surroundings.newVariantId();
    if (before === undefined && variant.quantity !== undefined && !surroundings.countedSkus.has(variant.sku))
      firstCounts.push({ sku: variant.sku, quantity: variant.quantity });
    return mergeVariant(id, variant, before);
  });
  const before = existing === undefined ? undefined : recordOf(existing);
  const record = mergeRecord(imported, { before, id: productId, currency, variants });
  if (before !== undefined && sameContent(before, record)) return { kind: "unchanged", refused };
  const write = { record, expectedVersion: existing?.version, firstCounts };
  return { kind: existing === undefined ? "created" : "updated", write, refused };
}

function withoutForeignSkus(
  imported: ImportedProduct,
  productId: string,
  { ownersOfSkus }: Surroundings,
): { taken: ImportedVariant[]; refused: Refusal[] } {
  const taken: ImportedVariant[] = [];
  const refused: Refusal[] = [];
  for (const variant of imported.variants) {
    const owner = ownersOfSkus.get(variant.sku);
    if (owner === undefined || owner === productId) taken.push(variant);
    else
      refused.push({
        row: variant.row,
        handle: imported.handle,
        reason: "duplicate_sku",
        detail: `SKU ${variant.sku} belongs to another product.`,
      });
  }
  return { taken, refused };
}

function mergeVariant(
  id: string,
  imported: ImportedVariant,
  before: VariantRecord | undefined,
): VariantRecord {
  const { sku, title, options, price, compareAtPrice, imageUrl, barcode, weightGrams } = imported;
  return {
    id,
    sku,
    title,
    options,
    price,
    compareAtPrice: kept(compareAtPrice, before?.compareAtPrice),
    imageUrl: kept(imageUrl, before?.imageUrl),
    barcode: kept(barcode, before?.barcode),
    weightGrams: kept(weightGrams, before?.weightGrams),
    attributes: imported.attributes ?? before?.attributes ?? {},
    metadata: imported.metadata ?? before?.metadata ?? {},
  };
}

function mergeRecord(
  imported: ImportedProduct,
  rest: {
    before: ProductRecord | undefined;
    id: string;
    currency: string;
    variants: readonly VariantRecord[];
  },
): ProductRecord {
  const { before, id, currency, variants } = rest;
  return {
    id,
    handle: imported.handle,
    title: imported.title,
    description: imported.description ?? before?.description ?? "",
    brand: kept(imported.brand, before?.brand),
    productType: kept(imported.productType, before?.productType),
    status: imported.status ?? before?.status ?? "active",
    tags: imported.tags ?? before?.tags ?? [],
    options: imported.options,
    images: imported.images ?? before?.images ?? [],
    attributes: imported.attributes ?? before?.attributes ?? {},
    metadata: imported.metadata ?? before?.metadata ?? {},
    currency,
    categoryHandles: imported.categories?.map(({ handle }) => handle) ?? before?.categoryHandles ?? [],
    variants,
  };
}

/** Undefined is what the file has no column for: there the present value stays. */
function kept<Value>(imported: Value | null | undefined, before: Value | null | undefined): Value | null {
  return imported === undefined ? (before ?? null) : imported;
}

function refuseProduct({ row, handle }: ImportedProduct, reason: string, detail: string): Merged {
  return {
    kind: "refused",
    refused: [{ row, handle, reason, detail: `${detail} The product is left out.` }],
  };
}
