import type { Settings } from "meilisearch";
import type { SearchDocument } from "#features/search/document";
import { searchLimits } from "#features/search/schema";
import type { NewSynonym } from "#features/search/synonym-schema";

type Attribute = keyof SearchDocument;

/** What is searched, the most telling first. */
const searchable: Attribute[] = [
  "title",
  "brand",
  "skus",
  "category_titles",
  "product_type",
  "options",
  "tags",
  "description",
];

const filterable: Attribute[] = [
  "bucket",
  "brand",
  "category_ids",
  "category_handles",
  "category_paths",
  "tags",
  "options",
  "option_sets",
  "option_sets_in_stock",
  "prices",
  "price_bands",
  "currency",
  "rating",
  "stars",
  "in_stock",
];

const sortable: Attribute[] = ["created_at", "price_min", "rating", "rating_count"];

/** Signs that the server takes for letters: "Sony®" would be another word than "Sony". */
const signs = Array.from("®©™℠°<>=|~^¬¨´¦$€£¥¢₤₩₹₽₺₴₿");

/** How the index searches, as data. A change here is applied by the next isolate that starts, or within a minute. */
const ownSettings = {
  searchableAttributes: searchable,
  filterableAttributes: filterable,
  sortableAttributes: sortable,
  // `sort` comes early: who asks for the cheapest first wants just that among what matches.
  rankingRules: [
    "words",
    "sort",
    "typo",
    "proximity",
    "attribute",
    "exactness",
    "in_stock:desc",
    "rating_count:desc",
  ],
  separatorTokens: signs,
  // Words that say nothing of a product: "tent for two" must not ask for a "for".
  stopWords: ["a", "an", "and", "for", "from", "in", "of", "on", "or", "the", "to", "with"],
  typoTolerance: {
    enabled: true,
    minWordSizeForTypos: { oneTypo: 4, twoTypos: 8 },
    // A SKU with another letter is another product.
    disableOnAttributes: ["skus"],
  },
  pagination: { maxTotalHits: searchLimits.reachableMax },
  faceting: { maxValuesPerFacet: searchLimits.valuesPerFacetMax, sortFacetValuesBy: { "*": "count" } },
} satisfies Settings;

/** Our settings with the synonyms that staff keeps. */
export function indexSettingsWith(groups: readonly NewSynonym[]) {
  return { ...ownSettings, synonyms: synonymsOf(groups) } satisfies Settings;
}

/** What each word finds beside itself, over all groups in which it stands. */
export function synonymsOf(groups: readonly NewSynonym[]): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const { input, words } of groups)
    for (const typed of input === null ? words : [input]) {
      const others = found.get(typed) ?? new Set();
      for (const word of words) if (word !== typed) others.add(word);
      found.set(typed, others);
    }
  return Object.fromEntries([...found].map(([typed, others]) => [typed, [...others].toSorted()]));
}
