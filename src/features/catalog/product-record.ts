import { canonicalJson } from "#core/canonical-json";
import type { AttributeDefinition, Attributes, Metadata } from "./attributes.ts";
import type { ProductDocument, ProductImage, ProductOption, ProductStatus } from "./document.ts";

export type VariantRecord = {
  readonly id: string;
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price: number;
  readonly compareAtPrice: number | null;
  readonly imageUrl: string | null;
  readonly barcode: string | null;
  readonly weightGrams: number | null;
  readonly attributes: Attributes;
  readonly metadata: Metadata;
};

/** What is written of a product, with its variants in display order. */
export type ProductRecord = {
  readonly id: string;
  readonly handle: string;
  readonly title: string;
  readonly description: string;
  readonly brand: string | null;
  readonly productType: string | null;
  readonly status: ProductStatus;
  readonly tags: readonly string[];
  readonly options: readonly ProductOption[];
  readonly images: readonly ProductImage[];
  readonly attributes: Attributes;
  readonly metadata: Metadata;
  readonly currency: string;
  /** Handles of all its categories, ancestors included. */
  readonly categoryHandles: readonly string[];
  readonly variants: readonly VariantRecord[];
};

/** The first stock of a variant that is new. */
export type FirstCount = { readonly sku: string; readonly quantity: number };

/** One product to write: a new one, or the successor of the version that was read. */
export type ProductWrite = {
  readonly record: ProductRecord;
  readonly expectedVersion: number | undefined;
  readonly firstCounts: readonly FirstCount[];
  /** What its attributes were held against. */
  readonly definitions?: readonly AttributeDefinition[];
};

export function recordOf(product: ProductDocument): ProductRecord {
  return {
    id: product.id,
    handle: product.handle,
    title: product.title,
    description: product.description,
    brand: product.brand,
    productType: product.productType,
    status: product.status,
    tags: product.tags,
    options: product.options,
    images: product.images,
    attributes: product.attributes,
    metadata: product.metadata,
    currency: product.currency,
    categoryHandles: product.categories.map(({ handle }) => handle),
    variants: product.variants.map(({ available: _available, ...variant }) => variant),
  };
}

/** Whether writing the one over the other would change nothing. */
export function sameContent(one: ProductRecord, other: ProductRecord): boolean {
  return canonicalJson(comparable(one)) === canonicalJson(comparable(other));
}

function comparable(record: ProductRecord): ProductRecord {
  return { ...record, categoryHandles: record.categoryHandles.toSorted() };
}

export function pricesOf(record: ProductRecord): { priceMin: number; priceMax: number } {
  const prices = record.variants.map(({ price }) => price);
  return { priceMin: Math.min(...prices), priceMax: Math.max(...prices) };
}
