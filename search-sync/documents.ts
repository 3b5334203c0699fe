import type { DocumentVariant, ProductDocument } from "#features/catalog/document";
import { productToWire } from "#features/catalog/wire";
import { availabilityStatus, lowAtUsually } from "#features/inventory/rules";
import { priceBandsOf, starsReached } from "#features/search/bands";
import { type SearchDocument, optionAttribute } from "#features/search/document";
import { setsOfVariant } from "#features/search/option-sets";
import { plainText } from "#features/search/plain-text";

type Category = ProductDocument["categories"][number];

/** What of a product is searched, at most; hits show the whole of it. */
export const documentLimits = {
  descriptionCharactersMax: 5_000,
  tagsMax: 100,
  categoriesMax: 50,
  optionValuesMax: 100,
  optionSetsMax: 1_000,
  skusMax: 250,
  /** Levels of a category's path; a cycle in the tree ends there as well. */
  pathLevelsMax: 10,
} as const;

/** A change of what this makes asks for another documentShape, in stamp.ts. */
export function searchDocumentOf(product: ProductDocument): Omit<SearchDocument, "bucket" | "stamp"> {
  const categories = product.categories.slice(0, documentLimits.categoriesMax);
  const counts = product.variants.map(({ available }) => available).filter((count) => count !== null);
  return {
    id: product.id,
    version: product.version,
    handle: product.handle,
    title: product.title,
    description: plainText(product.description, documentLimits.descriptionCharactersMax),
    brand: product.brand,
    product_type: product.productType,
    category_ids: categories.map(({ id }) => id),
    category_handles: categories.map(({ handle }) => handle),
    category_titles: categories.map(({ title }) => title),
    category_paths: categories.map((category) => pathOf(category, categories)),
    tags: product.tags.slice(0, documentLimits.tagsMax),
    options: optionsOf(product),
    option_sets: optionSetsOf(product.variants),
    option_sets_in_stock: optionSetsOf(product.variants.filter(({ available }) => (available ?? 0) > 0)),
    skus: product.variants.slice(0, documentLimits.skusMax).map(({ sku }) => sku),
    prices: [...new Set(product.variants.map(({ price }) => price))],
    price_bands: priceBandsOf(
      product.variants.map(({ price }) => price),
      product.currency,
    ),
    price_min: product.priceMin,
    price_max: product.priceMax,
    currency: product.currency,
    rating: product.ratingAverage,
    stars: starsReached(product.ratingAverage),
    rating_count: product.ratingCount,
    in_stock: counts.some((count) => count > 0),
    available: counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    image: product.images[0]?.url ?? null,
    created_at: product.createdAt,
    updated_at: product.updatedAt,
    product: productToWire(product),
  };
}

/**
 * What searches tell of the product's stock, as one text: for each SKU whether it is in stock, low, out or not counted.
 * While this stays the same, stock that moves is no reason to write to the index.
 */
export function stockPicture(product: ProductDocument): string {
  return product.variants.map((variant) => `${variant.sku}:${statusOf(variant)}`).join("\n");
}

function statusOf({ available }: DocumentVariant): string {
  return available === null ? "uncounted" : availabilityStatus(available, lowAtUsually);
}

function pathOf(category: Category, all: readonly Category[]): string {
  const titles = [category.title];
  let parent = all.find(({ id }) => id === category.parentId);
  while (parent !== undefined && titles.length < documentLimits.pathLevelsMax) {
    titles.unshift(parent.title);
    const { parentId } = parent;
    parent = all.find(({ id }) => id === parentId);
  }
  return titles.join(" > ");
}

/** So that several options, and the stock, can be asked of one and the same variant. */
function optionSetsOf(variants: readonly DocumentVariant[]): string[] {
  const known = variants.map(({ options }) =>
    Object.fromEntries(Object.entries(options).map(([name, value]) => [nameOf(name), value])),
  );
  return [...new Set(known.flatMap(setsOfVariant))].slice(0, documentLimits.optionSetsMax);
}

/** An option's name as the index knows it. */
const nameOf = (option: string) => optionAttribute(option).slice("options.".length);

/** The values that variants have, so that a facet never leads to a value that nobody can buy. */
function optionsOf(product: ProductDocument): Record<string, string[]> {
  const values = new Map<string, Set<string>>();
  for (const { options } of product.variants) {
    for (const [option, value] of Object.entries(options)) {
      const name = nameOf(option);
      const known = values.get(name) ?? new Set();
      if (known.size < documentLimits.optionValuesMax) known.add(value);
      values.set(name, known);
    }
  }
  return Object.fromEntries([...values].map(([name, known]) => [name, [...known]]));
}
