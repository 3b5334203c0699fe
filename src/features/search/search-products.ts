import { MeilisearchApiError } from "meilisearch";
import { type Id, newId } from "#core/ids";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { type DidYouMean, didYouMean } from "./did-you-mean.ts";
import { withLiveStock } from "./live-stock.ts";
import { nameCategories } from "./name-categories.ts";
import { noteMiss } from "./note-miss.ts";
import type { Findings, SearchQuery } from "./schema.ts";
import { searchIndex } from "./search-index.ts";
import { searchWithoutIndex } from "./search-without-index.ts";

/** So few results may mean a slip of the fingers. */
const fewResults = 2;

export type SearchResult = Findings & {
  /** What was probably meant, when words were found nowhere. */
  readonly didYouMean: DidYouMean | null;
  readonly queryId: Id<"search">;
  readonly tookMs: number;
  /** The index did not answer, and the database was asked instead. */
  readonly degraded: boolean;
};

/** Products on sale that match words and filters, from the index; while it is away, from the database. */
export async function searchProducts(context: Context, query: SearchQuery): Promise<SearchResult> {
  const startedAt = context.now();
  const queryId = newId("search", startedAt);
  const fromIndex = await searchNamed(context, query).catch((error: unknown) => {
    tellWhy(context, error);
    return undefined;
  });
  const findings = fromIndex ?? (await searchWithoutIndex(context, query));
  const correction = fromIndex === undefined ? null : await correctionOf(context, query, fromIndex);
  if (fromIndex?.total === 0) noteMiss(context, query);
  return {
    ...findings,
    didYouMean: correction,
    queryId,
    tookMs: context.now() - startedAt,
    degraded: fromIndex === undefined,
  };
}

/** Only whoever found little, or hits without one of the words, is asked whether something else was meant. */
async function correctionOf(
  context: Context,
  query: SearchQuery,
  { total, matchesAllWords }: Findings,
): Promise<DidYouMean | null> {
  const isDoubtful = total <= fewResults || !matchesAllWords;
  return query.q !== "" && query.page === 1 && isDoubtful ? didYouMean(context, query) : null;
}

/** What the index finds, with what others know better: the categories' titles, and the stock of this moment. */
async function searchNamed(context: Context, query: SearchQuery): Promise<Findings> {
  const findings = await searchIndex(context, query);
  const [facets, hits] = await Promise.all([
    nameCategories(context, findings.facets),
    withLiveStock(context, findings.hits),
  ]);
  return { ...findings, facets, hits };
}

/** Silence of the index is an outage and logged; that it refused or sent something else is a fault of ours. */
function tellWhy(context: Context, error: unknown): void {
  context.log("warn", "the search index gave no answer; asking the database", errorFields(error));
  const isOurFault = error instanceof MeilisearchApiError ? error.response.status < 500 : isUnexpected(error);
  if (isOurFault) context.reportError(error, { job: "search" });
}

function isUnexpected(error: unknown): boolean {
  return error instanceof Error && error.name === "ZodError";
}
