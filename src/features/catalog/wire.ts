import { moneyToWire, money } from "#core/money";
import { toTimestamp } from "#core/time";
import type { DocumentVariant, ProductDocument } from "./document.ts";
import type { AdminProductWire, ProductWire } from "./schema.ts";

export function productToWire(product: ProductDocument): ProductWire {
  const amount = (minor: number) => moneyToWire(money(minor, product.currency));
  return {
    id: product.id,
    handle: product.handle,
    title: product.title,
    description: product.description,
    brand: product.brand,
    product_type: product.productType,
    status: product.status,
    categories: product.categories.map(({ parentId, ...category }) => ({ ...category, parent_id: parentId })),
    tags: product.tags,
    images: product.images,
    options: product.options,
    attributes: product.attributes,
    price_min: amount(product.priceMin),
    price_max: amount(product.priceMax),
    rating: { average: product.ratingAverage, count: product.ratingCount },
    variants: product.variants.map((variant) => ({
      id: variant.id,
      sku: variant.sku,
      title: variant.title,
      options: variant.options,
      price: amount(variant.price),
      compare_at_price: variant.compareAtPrice === null ? null : amount(variant.compareAtPrice),
      available: variant.available,
      image: imageOf(product, variant),
      barcode: variant.barcode,
      weight_grams: variant.weightGrams,
      attributes: variant.attributes,
    })),
    version: product.version,
    created_at: toTimestamp(product.createdAt),
    updated_at: toTimestamp(product.updatedAt),
  };
}

/** With what only the shop's own people and programs see. */
export function productToAdminWire(product: ProductDocument): AdminProductWire {
  const { variants, ...wire } = productToWire(product);
  const metadata = new Map(product.variants.map((variant) => [variant.id, variant.metadata]));
  return {
    ...wire,
    metadata: product.metadata,
    variants: variants.map((variant) => ({ ...variant, metadata: metadata.get(variant.id) ?? {} })),
  };
}

/** Strong: the answer's bytes follow from the product's version and its stock's. */
export function productEtag(product: ProductDocument): string {
  return `"v${product.version}.${product.stockVersion}"`;
}

/** A variant shows its own image; its text is told by the product's list of images. */
function imageOf(product: ProductDocument, variant: DocumentVariant): { url: string; alt: string } | null {
  if (variant.imageUrl === null) return null;
  const described = product.images.find(({ url }) => url === variant.imageUrl);
  return { url: variant.imageUrl, alt: described?.alt ?? "" };
}
