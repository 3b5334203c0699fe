import { z } from "zod";
import { isObject } from "./engine/attribute-path.ts";
import { MeilisearchError } from "./meilisearch-error.ts";

const Names = z.array(z.string()).nullish();
const Count = z.int().min(0).nullish();
const Flag = z.boolean().nullish();
const FilterExpression = z.union([z.string(), z.array(z.unknown())]).nullish();
const Strategy = z.enum(["last", "all", "frequency"]).nullish();

/** Accepted so that a client may send them; without vectors, locales or remotes they change nothing here. */
const Ignored = {
  hybrid: z.unknown(),
  vector: z.unknown(),
  retrieveVectors: z.unknown(),
  locales: z.unknown(),
  media: z.unknown(),
  personalize: z.unknown(),
  showPerformanceDetails: z.unknown(),
};

const SearchShape = {
  q: z.string().nullish(),
  offset: Count,
  limit: Count,
  page: Count,
  hitsPerPage: Count,
  attributesToRetrieve: Names,
  attributesToCrop: Names,
  cropLength: Count,
  cropMarker: z.string().nullish(),
  attributesToHighlight: Names,
  highlightPreTag: z.string().nullish(),
  highlightPostTag: z.string().nullish(),
  showMatchesPosition: Flag,
  showRankingScore: Flag,
  showRankingScoreDetails: Flag,
  rankingScoreThreshold: z.number().min(0).max(1).nullish(),
  filter: FilterExpression,
  sort: Names,
  distinct: z.string().nullish(),
  facets: Names,
  matchingStrategy: Strategy,
  attributesToSearchOn: Names,
};

export const SearchParameters = z.strictObject({ ...SearchShape, ...Ignored }).partial();
export type SearchParameters = z.infer<typeof SearchParameters>;

export const FacetSearchParameters = z
  .strictObject({
    ...SearchShape,
    ...Ignored,
    facetName: z.string(),
    facetQuery: z.string().nullish(),
    exhaustiveFacetCount: z.unknown(),
  })
  .partial()
  .required({ facetName: true });

export const MultiSearchParameters = z.object({
  queries: z.array(z.looseObject({ indexUid: z.string() })),
  federation: z.unknown().optional(),
});

const NUMBERS = new Set(["offset", "limit", "page", "hitsPerPage", "cropLength", "rankingScoreThreshold"]);
const LISTS = new Set([
  "attributesToRetrieve",
  "attributesToCrop",
  "attributesToHighlight",
  "facets",
  "sort",
  "attributesToSearchOn",
]);
const FLAGS = new Set(["showMatchesPosition", "showRankingScore", "showRankingScoreDetails"]);

/** The parameters of `GET …/search`, where all is text. */
export function searchParametersOfUrl(query: URLSearchParams): Record<string, unknown> {
  const parameters: Record<string, unknown> = Object.fromEntries(query);
  for (const [name, text] of query) {
    if (NUMBERS.has(name)) parameters[name] = Number(text);
    else if (LISTS.has(name)) parameters[name] = text.split(",").map((each) => each.trim());
    else if (FLAGS.has(name)) parameters[name] = text === "true";
  }
  return parameters;
}

/** Parses what a client sent; the error code names the parameter at fault, as in `invalid_search_limit`. */
export function parseParameters<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  area: string,
): z.infer<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    throw new MeilisearchError("bad_request", `Unknown field \`${issue.keys.join(", ")}\`.`);
  }
  const [name] = issue?.path ?? [];
  if (typeof name !== "string")
    throw new MeilisearchError("bad_request", issue?.message ?? "Invalid parameters.");
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const isMissing = isObject(value) && !(name in value);
  throw new MeilisearchError(
    `${isMissing ? "missing" : "invalid"}_${area}_${snake}`,
    isMissing
      ? `Missing field \`${name}\``
      : `Invalid value at \`.${issue?.path.join(".")}\`: ${issue?.message}`,
  );
}
