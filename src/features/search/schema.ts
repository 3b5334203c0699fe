import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { unprintable } from "#core/text";
import { OptionChoice, productFilters } from "#features/catalog/list-filters";
import { ProductWire } from "#features/catalog/schema";
import { facetAttributes } from "./document.ts";

export const searchLimits = {
  queryCharactersMax: 200,
  hitsMax: 100,
  hitsDefault: 20,
  /** Products that can be paged through; `total` says no more either. */
  reachableMax: 2_000,
  facetsMax: 20,
  facetsCharactersMax: 2_000,
  valuesPerFacetMax: 100,
  /** Values of one filter, any of which may hold. */
  valuesPerFilterMax: 20,
} as const;

const searchSorts = ["relevance", "newest", "price", "-price", "rating"] as const;
export type SearchSort = (typeof searchSorts)[number];

const {
  sort: _listSort,
  category: _oneCategory,
  brand: _oneBrand,
  option: _listOption,
  ...filters
} = productFilters;
const name = productFilters.brand.unwrap();
/** A filter that may be repeated: any of its values may hold. */
function anyOf<Value extends z.ZodType>(value: Value, description: string, charactersMax = 255) {
  const { valuesPerFilterMax: maxItems } = searchLimits;
  return z
    .preprocess(
      (given) => (given === undefined || Array.isArray(given) ? given : [given]),
      z.array(value).max(maxItems).optional(),
    )
    .openapi({
      type: "array",
      items: { type: "string", minLength: 1, maxLength: charactersMax },
      maxItems,
      description: `${description} Repeat it to find whatever fits one of the values.`,
    });
}

/** No control characters, no halves of characters, and not the two that mark matches. */
export const searchable = new RegExp(String.raw`^[^${unprintable}\ue000\ue001]*$`, "u");
const facetName = z.union([
  z.enum([...keysOf(facetAttributes), "options"]),
  z.string().regex(new RegExp(String.raw`^options\.[^${unprintable},.*]{1,255}$`, "u")),
]);

export const SearchQuery = z.strictObject({
  q: z
    .string()
    .trim()
    .max(searchLimits.queryCharactersMax)
    .regex(searchable)
    .default("")
    .openapi({ description: "Words; empty finds everything that passes the filters." }),
  category: anyOf(name, "Id or handle; its sub-categories are included."),
  brand: anyOf(name, "As the facet names it."),
  tag: anyOf(name, "As the facet names it."),
  option: anyOf(
    OptionChoice,
    "`Colour:Red`: an option's name and a value that some variant has; of several options each must hold, all of one and the same variant. An option's facet counts products of which some variant has the value.",
    511,
  ),
  ...filters,
  sort: z.enum(searchSorts).default("relevance"),
  facets: z
    .string()
    .max(searchLimits.facetsCharactersMax)
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(z.array(facetName).max(searchLimits.facetsMax))
    .optional()
    .openapi({
      type: "string",
      maxLength: searchLimits.facetsCharactersMax,
      description: `Comma-separated: ${[...keysOf(facetAttributes), "options", "options.<name>"].join(", ")}. Each is counted as if its own filter were off, so that buyers see what else they could choose.`,
      example: "brand,category,options.Colour",
    }),
  limit: z.coerce.number().int().min(1).max(searchLimits.hitsMax).default(searchLimits.hitsDefault),
  page: z.coerce.number().int().min(1).max(searchLimits.reachableMax).default(1),
});
export type SearchQuery = z.infer<typeof SearchQuery>;
export type SearchFilters = Omit<SearchQuery, "q" | "facets" | "limit" | "page">;

const Highlight = z.strictObject({ title: z.string(), description: z.string() }).openapi({
  description: "HTML: escaped text in which <em> surrounds what matched; the description is cut.",
});

const FacetValue = z.strictObject({
  value: z.string().openapi({ description: "What the filter takes, except of a price, which is a range." }),
  count: z.int(),
  selected: z.boolean().openapi({ description: "The filter asks for it." }),
  title: z.string().optional().openapi({ description: "Of a category." }),
  price_min: z.int().optional().openapi({ description: "Of a price: what the filters take." }),
  price_max: z.int().optional(),
});
export type FacetValue = z.infer<typeof FacetValue>;

export const FacetWire = z
  .strictObject({
    values: z.array(FacetValue).openapi({
      description:
        "The most frequent first; prices from the lowest; ratings as whole stars of which at least so many were given.",
    }),
    range: z
      .strictObject({ min: z.number(), max: z.number() })
      .nullable()
      .openapi({ description: "Least and greatest rating or price, else null." }),
  })
  .openapi("SearchFacet");
export type FacetWire = z.infer<typeof FacetWire>;

const SearchHit = ProductWire.extend({ highlight: Highlight }).openapi("SearchHit");

/** What a SearchHit is made of. */
export type FoundHit = { readonly product: ProductWire; readonly highlight: z.infer<typeof Highlight> };

export const SearchAnswer = z
  .strictObject({
    data: z.array(SearchHit),
    total: z.int().openapi({ description: `Products found, counted up to ${searchLimits.reachableMax}.` }),
    facets: z.record(z.string(), FacetWire),
    did_you_mean: z.strictObject({ q: z.string(), total: z.int() }).nullable().openapi({
      description: "Where words are found nowhere: the words that were probably meant, which find so many.",
    }),
    query_id: idSchema("search"),
    took_ms: z.int(),
    degraded: z.boolean().openapi({
      description:
        "The index did not answer: found by the beginnings of words, without facets and typo tolerance.",
    }),
  })
  .openapi("SearchAnswer");
export type SearchAnswer = z.infer<typeof SearchAnswer>;

/** What either way of searching finds. */
export type Findings = {
  readonly hits: readonly FoundHit[];
  readonly total: number;
  readonly facets: Record<string, FacetWire>;
  /** Whether the first hit has all the words; false also when there is none. */
  readonly matchesAllWords: boolean;
};

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  // Object.keys forgets the type of the keys that the record was declared with.
  return Object.keys(record) as Key[];
}
