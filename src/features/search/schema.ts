import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { ProductWire, productFilters } from "#features/catalog/schema";
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
} as const;

const searchSorts = ["relevance", "newest", "price", "-price", "rating"] as const;
export type SearchSort = (typeof searchSorts)[number];

const { sort: _listSort, ...filters } = productFilters;
/** No control characters, no halves of characters, and not the two that mark matches. */
const searchable = /^[^\p{Cc}\p{Cs}\u{E000}\u{E001}]*$/u;
const facetName = z.union([
  z.enum([...keysOf(facetAttributes), "options"]),
  z.string().regex(/^options\.[^\p{Cc}\p{Cs},.*]{1,255}$/u),
]);

export const SearchQuery = z.strictObject({
  q: z
    .string()
    .trim()
    .max(searchLimits.queryCharactersMax)
    .regex(searchable)
    .default("")
    .openapi({ description: "Words; empty finds everything that passes the filters." }),
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
      description: `Comma-separated: ${[...keysOf(facetAttributes), "options", "options.<name>"].join(", ")}.`,
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

export const FacetWire = z
  .strictObject({
    values: z.array(z.strictObject({ value: z.string(), count: z.int() })),
    range: z
      .strictObject({ min: z.number(), max: z.number() })
      .nullable()
      .openapi({ description: "Least and greatest of a numeric facet, else null." }),
  })
  .openapi("SearchFacet");
export type FacetWire = z.infer<typeof FacetWire>;

export const SearchHit = ProductWire.extend({ highlight: Highlight }).openapi("SearchHit");
export type SearchHit = z.infer<typeof SearchHit>;

export const SearchAnswer = z
  .strictObject({
    data: z.array(SearchHit),
    total: z.int().openapi({ description: `Products found, counted up to ${searchLimits.reachableMax}.` }),
    facets: z.record(z.string(), FacetWire),
    query_id: idSchema("search"),
    took_ms: z.int(),
    degraded: z.boolean().openapi({
      description: "The index did not answer: found by plain comparison, without facets and typo tolerance.",
    }),
  })
  .openapi("SearchAnswer");

/** What either way of searching finds. */
export type Findings = {
  readonly hits: SearchHit[];
  readonly total: number;
  readonly facets: Record<string, FacetWire>;
};

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  // Object.keys forgets the type of the keys that the record was declared with.
  return Object.keys(record) as Key[];
}
