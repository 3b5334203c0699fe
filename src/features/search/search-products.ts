import { canonicalJson } from "#core/canonical-json";
import { type Id, newId } from "#core/ids";
import { secondMs } from "#core/time";
import { withPresentHandles } from "#features/catalog/former-handles";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { createSharedAnswers } from "#platform/shared-answers";
import { type DidYouMean, didYouMean } from "./did-you-mean.ts";
import { askIndex, isOurFault } from "./index-asking.ts";
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
export async function searchProducts(context: Context, asked: SearchQuery): Promise<SearchResult> {
  const category = asked.category && (await withPresentHandles(context, asked.category));
  const query: SearchQuery = { ...asked, category };
  const startedAt = context.now();
  const queryId = newId("search", startedAt);
  const found = await findInIndex(context, query).catch((error: unknown) => {
    tellWhy(context, error);
    return undefined;
  });
  const findings = found?.findings ?? (await searchWithoutIndex(context, query));
  if (found?.findings.total === 0) noteMiss(context, query);
  return {
    ...findings,
    hits: found === undefined ? findings.hits : await withLiveStock(context, findings.hits),
    didYouMean: found?.correction ?? null,
    queryId,
    tookMs: context.now() - startedAt,
    degraded: found === undefined,
  };
}

/** What the index finds, and what was probably meant; the same for everybody who asks the same. */
type Found = { readonly findings: Findings; readonly correction: DidYouMean | null };

/** Many search for what is in the news: they share an answer for a second, to which each adds the stock of the moment. */
const shared = createSharedAnswers<Found>({ entriesMax: 100, lifeMs: secondMs, patienceMs: 3_000 });

async function findInIndex(context: Context, query: SearchQuery): Promise<Found> {
  const load = async (): Promise<Found> => {
    const findings = await searchNamed(context, query);
    return { findings, correction: await correctionOf(context, query, findings) };
  };
  if (context.mustSee !== undefined) return load();
  return shared(context, canonicalJson(query), load);
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

/** What the index finds, with the categories' titles. */
async function searchNamed(context: Context, query: SearchQuery): Promise<Findings> {
  const findings = await askIndex(context, () => searchIndex(context, query));
  return { ...findings, facets: await nameCategories(context, findings.facets) };
}

/** Silence of the index is an outage and logged; that it refused or sent something else is a fault of ours. */
function tellWhy(context: Context, error: unknown): void {
  context.log("warn", "the search index gave no answer; asking the database", errorFields(error));
  if (isOurFault(error)) context.reportError(error, { job: "search" });
}
