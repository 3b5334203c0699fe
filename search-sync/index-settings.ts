import type { Settings } from "meilisearch";
import type { SearchDocument } from "#features/search/document";
import { searchLimits } from "#features/search/schema";

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
  "brand",
  "category_ids",
  "category_handles",
  "category_paths",
  "tags",
  "options",
  "prices",
  "currency",
  "rating",
  "in_stock",
];

const sortable: Attribute[] = ["created_at", "price_min", "rating", "rating_count"];

/** Words that buyers use for one another, each group in all directions. */
const synonymGroups: readonly (readonly string[])[] = [
  ["jacket", "coat", "anorak", "parka"],
  ["trousers", "pants"],
  ["backpack", "rucksack", "daypack"],
  ["sweater", "jumper", "pullover"],
  ["sneakers", "trainers"],
  ["tee", "t-shirt", "tshirt"],
  ["torch", "flashlight"],
  ["headlamp", "headlight", "head torch"],
  ["bottle", "flask"],
  ["mug", "cup"],
  ["beanie", "hat", "cap"],
  ["gloves", "mittens"],
  ["couch", "sofa"],
  ["grey", "gray"],
  ["waterproof", "rainproof"],
  ["stove", "cooker"],
];

/** How the index searches. A change here is applied by the next isolate that starts, or within a minute. */
export const indexSettings = {
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
  synonyms: synonymsOf(synonymGroups),
  typoTolerance: {
    enabled: true,
    minWordSizeForTypos: { oneTypo: 4, twoTypos: 8 },
    // A SKU with another letter is another product.
    disableOnAttributes: ["skus"],
  },
  pagination: { maxTotalHits: searchLimits.reachableMax },
  faceting: { maxValuesPerFacet: searchLimits.valuesPerFacetMax, sortFacetValuesBy: { "*": "count" } },
} satisfies Settings;

function synonymsOf(groups: readonly (readonly string[])[]): Record<string, string[]> {
  return Object.fromEntries(
    groups.flatMap((group) => group.map((word) => [word, group.filter((other) => other !== word)])),
  );
}
