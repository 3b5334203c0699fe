import { bounded } from "./lib/bounds.js";
import { oneOf, read, readAssortment } from "./lib/shop.js";

/** People who look around: lists, filtered lists, products, searches. */

const QUERIES = [
  "rain jacket",
  "rain jackt",
  "tent",
  "wool",
  "hiking boots",
  "coffee",
  "lamp",
  "sleeping bag",
];
const PREFIXES = ["ra", "ten", "wo", "hik", "cof", "la", "sle"];

export const options = bounded({ buyers: 10, iterations: 300 });

export function setup() {
  const probe = read("/search/suggest?q=ra", { name: "/search/suggest", statuses: [200, 404] });
  return { ...readAssortment(), hasSuggestions: probe.status === 200 };
}

export default function browse({ productIds, categories, brands, hasSuggestions }) {
  read("/products?limit=24", { name: "/products" });
  read("/categories");
  read(`/products?limit=24&in_stock=true&category=${oneOf(categories)}&sort=price`, {
    name: "/products?category",
  });
  read(`/products?limit=24&brand=${encodeURIComponent(oneOf(brands))}`, { name: "/products?brand" });
  if (hasSuggestions) read(`/search/suggest?q=${oneOf(PREFIXES)}`, { name: "/search/suggest" });
  read(`/search?q=${encodeURIComponent(oneOf(QUERIES))}&facets=brand,category`, { name: "/search" });
  read(`/products/${oneOf(productIds)}`, { name: "/products/:id" });
}
