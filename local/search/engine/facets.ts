import { MeilisearchError } from "../meilisearch-error.ts";
import { filterablePatterns, type Settings } from "../settings.ts";
import { compareStrings } from "./attribute-index.ts";
import { isCovered } from "./attribute-path.ts";
import type { DocumentSet } from "./document-set.ts";
import type { SearchIndex } from "./search-index.ts";
import { fold, tokenize } from "./tokenizer.ts";
import { editsToPrefix, typosAllowed } from "./typos.ts";

export type FacetCounts = {
  facetDistribution: Record<string, Record<string, number>>;
  facetStats: Record<string, { min: number; max: number }>;
};

export type FacetHit = { value: string; count: number };

const ORDERS = { alpha: byLabel, count: byCount };

/** Counts the values of each named facet (`*`: of all) among the documents found. */
export function countFacets(index: SearchIndex, names: readonly string[], found: DocumentSet): FacetCounts {
  const patterns = filterablePatterns(index.settings);
  const counts: FacetCounts = { facetDistribution: {}, facetStats: {} };
  for (const name of facetNames(index, names, patterns)) {
    const counted = index.attribute(name)?.countValues(found);
    const entries = [...(counted?.values ?? [])].sort(orderOf(index.settings, name));
    counts.facetDistribution[name] = Object.fromEntries(
      entries.slice(0, index.settings.faceting.maxValuesPerFacet),
    );
    if (counted !== undefined && counted.numbers !== null) counts.facetStats[name] = counted.numbers;
  }
  return counts;
}

/** The values of one facet that begin, give or take a typo, with what a person has typed so far. */
export function searchFacet(
  index: SearchIndex,
  { name, typed }: { name: string; typed: string },
  found: DocumentSet,
): FacetHit[] {
  if (!isCovered(filterablePatterns(index.settings), name)) {
    throw new MeilisearchError(
      "invalid_facet_search_facet_name",
      `Attribute \`${name}\` is not facet-searchable: it is not among the filterable attributes.`,
    );
  }
  const words = tokenize(typed).map(({ word }) => word);
  const accepts = (label: string) => words.length === 0 || isLike(label, { typed, words }, index.settings);
  const entries = [...(index.attribute(name)?.countValues(found, accepts).values ?? [])];
  return entries
    .sort(orderOf(index.settings, name))
    .slice(0, index.settings.faceting.maxValuesPerFacet)
    .map(([value, count]) => ({ value, count }));
}

function isLike(label: string, query: { typed: string; words: string[] }, settings: Settings): boolean {
  if (fold(label).startsWith(fold(query.typed.trim()))) return true;
  const labelWords = tokenize(label).map(({ word }) => word);
  return query.words.every((word) => {
    const typosMax = typosAllowed(word, settings);
    return labelWords.some((candidate) => editsToPrefix(word, candidate, typosMax) <= typosMax);
  });
}

function facetNames(index: SearchIndex, names: readonly string[], patterns: readonly string[]): string[] {
  if (names.includes("*")) return index.attributePaths().filter((path) => isCovered(patterns, path));
  const unknown = names.find((name) => !isCovered(patterns, name));
  if (unknown === undefined) return [...names];
  const available =
    patterns.length === 0
      ? "This index does not have configured filterable attributes."
      : `Available filterable attributes patterns are: \`${patterns.join(", ")}\`.`;
  throw new MeilisearchError(
    "invalid_search_facets",
    `Invalid facet distribution: Attribute \`${unknown}\` is not filterable. ${available}`,
  );
}

function orderOf(
  { faceting }: Settings,
  name: string,
): (left: [string, number], right: [string, number]) => number {
  return ORDERS[faceting.sortFacetValuesBy[name] ?? faceting.sortFacetValuesBy["*"] ?? "alpha"];
}

function byLabel([left]: [string, number], [right]: [string, number]): number {
  return compareStrings(left, right);
}

function byCount(left: [string, number], right: [string, number]): number {
  return right[1] - left[1] || byLabel(left, right);
}
