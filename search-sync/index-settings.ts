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
  "price_bands",
  "currency",
  "rating",
  "stars",
  "in_stock",
];

const sortable: Attribute[] = ["created_at", "price_min", "rating", "rating_count"];

/** Words that buyers use for one another, each group in all directions. */
const synonymGroups: readonly (readonly string[])[] = [
  ["jacket", "coat", "anorak", "parka", "shell"],
  ["vest", "gilet", "bodywarmer"],
  ["trousers", "pants"],
  ["sweater", "jumper", "pullover"],
  ["hoody", "hoodie"],
  ["tee", "t-shirt", "tshirt"],
  ["shoes", "sneakers", "trainers"],
  ["gloves", "mittens"],
  ["hat", "beanie", "cap"],
  ["backpack", "rucksack", "daypack"],
  ["mat", "pad", "mattress"],
  ["torch", "flashlight"],
  ["headlamp", "headlight", "head torch"],
  ["lantern", "lamp"],
  ["stove", "cooker", "burner"],
  ["skillet", "frying pan"],
  ["bottle", "flask"],
  ["mug", "cup"],
  ["bike", "bicycle", "cycling"],
  ["waterproof", "rainproof"],
  ["grey", "gray"],
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
  // Words that say nothing of a product: "tent for two" must not ask for a "for".
  stopWords: ["a", "an", "and", "for", "from", "in", "of", "on", "or", "the", "to", "with"],
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
