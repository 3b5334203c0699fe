import type { ExportedProduct } from "./exported-product.ts";
import { filedCategories, filedDefinitions, inOrder } from "./filed-product.ts";
import type { ProductLine } from "./product-line.ts";

/** A product as a line of JSON that an import reads. */
export function productLineOf(exported: ExportedProduct): string {
  const { product, definitions } = exported;
  const line: ProductLine = {
    handle: product.handle,
    title: product.title,
    description: product.description,
    brand: product.brand,
    product_type: product.productType,
    status: product.status,
    tags: product.tags,
    options: product.options,
    images: product.images,
    currency: product.currency,
    categories: filedCategories(exported),
    ...filedDefinitions(definitions),
    attributes: inOrder(product.attributes),
    metadata: inOrder(product.metadata),
    variants: product.variants.map((variant) => ({
      sku: variant.sku,
      title: variant.title,
      options: Object.fromEntries(
        product.options.map(({ name }) => [name, variant.options[name] ?? ""] as const),
      ),
      price: variant.price,
      compare_at_price: variant.compareAtPrice,
      image_url: variant.imageUrl,
      barcode: variant.barcode,
      weight_grams: variant.weightGrams,
      attributes: inOrder(variant.attributes),
      metadata: inOrder(variant.metadata),
      quantity: variant.available,
    })),
  };
  return `${JSON.stringify(line)}\n`;
}
