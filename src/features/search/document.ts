import type { ProductWire } from "#features/catalog/schema";

/** The index that searches read. */
export const productIndex = "products";

/**
 * A product as the search index holds it: flat fields to search, filter, count and sort by, and under `product` what
 * hits are answered with, so that a search needs no database.
 */
export type SearchDocument = {
  id: string;
  version: number;
  /** The last letter of the id: documents are compared with the catalogue a bucket at a time. */
  bucket: string;
  /** What everything else here follows from: while the catalogue's is the same, the document is true. */
  stamp: string;
  handle: string;
  title: string;
  /** Text without tags, shortened. */
  description: string;
  brand: string | null;
  product_type: string | null;
  category_ids: string[];
  category_handles: string[];
  category_titles: string[];
  /** Titles from the top category down, such as `Outdoor > Tents`. */
  category_paths: string[];
  tags: string[];
  /** Values by option name; counted and filtered as `options.Colour`. */
  options: Record<string, string[]>;
  /** Sets of options that one variant has, and those of them that one in stock has; see option-sets. */
  option_sets: string[];
  option_sets_in_stock: string[];
  skus: string[];
  /** Every price of its variants in minor units, so that a range finds what some variant costs. */
  prices: number[];
  /** The bands of these prices, to be counted. */
  price_bands: string[];
  price_min: number;
  price_max: number;
  currency: string;
  rating: number;
  /** Every whole number of stars that the rating reaches, to be counted as "so many and up". */
  stars: number[];
  rating_count: number;
  in_stock: boolean;
  /** Units of all variants together; null while none was counted. Advisory, and renewed only as {@link in_stock} is. */
  available: number | null;
  image: string | null;
  /** Milliseconds since the Unix epoch, as `updated_at`: of two products of one second, too, one is the newer. */
  created_at: number;
  updated_at: number;
  product: ProductWire;
};

/** The facets that clients may ask for, and the attributes behind them; beside these, `options.<name>`. */
export const facetAttributes = {
  brand: "brand",
  category: "category_handles",
  category_path: "category_paths",
  tags: "tags",
  in_stock: "in_stock",
  rating: "stars",
  price: "price_bands",
} as const satisfies Record<string, keyof SearchDocument>;

/** An option's name as the index knows it: dots would mean a deeper level, the others separate names in a query. */
export function optionAttribute(name: string): string {
  return `options.${name.replaceAll(/[.,:*]/g, " ")}`;
}
