import { priceRangeOf } from "./bands.ts";
import { facetAttributes, optionAttribute } from "./document.ts";
import { type FilterGroup, chosenOptions } from "./filter-expression.ts";
import type { FacetValue, FacetWire, SearchQuery } from "./schema.ts";

/** What the index is asked to count in one query, and the filter that is left out there. */
export type FacetQuestion = { readonly attributes: readonly string[]; readonly without: string | undefined };

/** What the index counted, by attribute. */
export type FacetCounts = {
  readonly facetDistribution: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly facetStats: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
};

type FacetName = keyof typeof facetAttributes;

/** Beside the attribute that is counted, the one whose extremes are told. */
const rangeAttributes: Partial<Record<string, string>> = { price: "prices", rating: "rating" };

/** All attributes, options among them, whose names only the index knows. */
const everything = "*";

/**
 * The questions that count the facets asked for. The first goes with the hits and counts under all filters; each facet
 * that is filtered by itself needs another one without that filter, or it would count nothing but what is chosen.
 */
export function planFacets(
  asked: readonly string[],
  groups: readonly FilterGroup[],
): [FacetQuestion, ...FacetQuestion[]] {
  const active = new Set(groups.map(({ facet }) => facet));
  const filtered = new Map<string, string[]>();
  const unfiltered: string[] = [];
  for (const name of asked) {
    const facet = filteredBy(name);
    if (active.has(facet)) filtered.set(facet, [...(filtered.get(facet) ?? []), ...attributesOf(name)]);
    else unfiltered.push(...attributesOf(name));
  }
  if (asked.includes("options"))
    for (const facet of active) if (facet.startsWith("options.")) filtered.set(facet, [facet]);
  const main = asked.includes("options") ? [everything] : unfiltered;
  return [
    { attributes: main, without: undefined },
    ...[...filtered].map(([without, attributes]) => ({ attributes, without })),
  ];
}

/** Lets the counts that were made without a filter stand in for those under it. */
export function mergeCounts(answers: readonly FacetCounts[]): FacetCounts {
  return {
    facetDistribution: Object.assign({}, ...answers.map(({ facetDistribution }) => facetDistribution)),
    facetStats: Object.assign({}, ...answers.map(({ facetStats }) => facetStats)),
  };
}

/** The facets as the answer shows them, in the order in which they were asked for. */
export function facetsOf(
  counts: FacetCounts,
  query: SearchQuery,
  currency: string,
): Record<string, FacetWire> {
  const names = (query.facets ?? []).flatMap((name) =>
    name === "options" ? optionsCounted(counts, query) : [name],
  );
  return Object.fromEntries(names.map((name) => [name, facetOf(counts, name, { query, currency })]));
}

function facetOf(
  { facetDistribution, facetStats }: FacetCounts,
  name: string,
  { query, currency }: { query: SearchQuery; currency: string },
): FacetWire {
  const distribution = facetDistribution[attributeOf(name)] ?? {};
  const range = facetStats[rangeAttributes[name] ?? ""] ?? null;
  if (name === "price") {
    const values = priceValues(distribution, query, currency);
    const isOneCurrency = values.length === Object.keys(distribution).length;
    return { values, range: isOneCurrency ? range : null };
  }
  return { values: valuesOf(distribution, chosenValues(name, query)), range };
}

/** Chosen values stay in sight when nothing has them, or nobody could take them back. */
function valuesOf(distribution: Readonly<Record<string, number>>, chosen: readonly string[]): FacetValue[] {
  const chosenHere = new Set(chosen.map((value) => value.toLowerCase()));
  const isChosen = (value: string) => chosenHere.has(value.toLowerCase());
  const counted = Object.entries(distribution)
    .map(([value, count]) => ({ value, count, selected: isChosen(value) }))
    .toSorted((a, b) => b.count - a.count);
  const known = new Set(counted.map(({ value }) => value.toLowerCase()));
  const uncounted = chosen.filter((value) => !known.has(value.toLowerCase()));
  return [...counted, ...uncounted.map((value) => ({ value, count: 0, selected: true }))];
}

function priceValues(
  distribution: Readonly<Record<string, number>>,
  { price_min, price_max }: SearchQuery,
  currency: string,
): FacetValue[] {
  const isAsked = price_min !== undefined || price_max !== undefined;
  return Object.entries(distribution)
    .flatMap(([band, count]) => {
      const range = priceRangeOf(band, currency);
      return range === undefined ? [] : [{ ...range, count }];
    })
    .toSorted((a, b) => a.from - b.from)
    .map(({ from, to, count }) => ({
      value: `${from}-${to ?? ""}`,
      count,
      selected: isAsked && from >= (price_min ?? 0) && (to ?? Infinity) <= (price_max ?? Infinity),
      price_min: from,
      ...(to === null ? {} : { price_max: to }),
    }));
}

function chosenValues(name: string, query: SearchQuery): readonly string[] {
  switch (name) {
    case "brand":
      return query.brand ?? [];
    case "category":
      return query.category ?? [];
    case "tags":
      return query.tag ?? [];
    case "in_stock":
      return query.in_stock === undefined ? [] : [String(query.in_stock)];
    case "rating":
      return query.rating_min === undefined ? [] : [String(query.rating_min)];
    default:
      return chosenOptions(query).get(attributeOf(name)) ?? [];
  }
}

/** The options that products found have, and those that were chosen; the index also names what others have. */
function optionsCounted({ facetDistribution }: FacetCounts, query: SearchQuery): string[] {
  const counted = Object.entries(facetDistribution)
    .filter(([attribute, counts]) => attribute.startsWith("options.") && Object.keys(counts).length > 0)
    .map(([attribute]) => attribute);
  return [...new Set([...counted, ...chosenOptions(query).keys()])];
}

function attributesOf(name: string): string[] {
  const range = rangeAttributes[name];
  return [attributeOf(name), ...(range === undefined ? [] : [range])];
}

function attributeOf(name: string): string {
  return isFacetName(name) ? facetAttributes[name] : optionAttribute(name.slice("options.".length));
}

/** The filter that narrows a facet: paths are another view of categories. */
function filteredBy(name: string): string {
  if (name === "category_path") return "category";
  return isFacetName(name) ? name : attributeOf(name);
}

function isFacetName(name: string): name is FacetName {
  return Object.hasOwn(facetAttributes, name);
}
