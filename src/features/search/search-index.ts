import { z } from "@hono/zod-openapi";
import { type EpochMs, minuteMs } from "#core/time";
import { ProductWire } from "#features/catalog/schema";
import type { Context } from "#platform/context";
import { createIsolateMemory } from "#platform/isolate-memory";
import { productIndex } from "./document.ts";
import { type FacetQuestion, facetsOf, mergeCounts, planFacets } from "./facet-counts.ts";
import { type FilterGroup, filterGroups } from "./filter-expression.ts";
import { highlightToHtml, matchMarks } from "./highlight.ts";
import type { Findings, SearchQuery, SearchSort } from "./schema.ts";

/** A search that takes longer is answered without the index. */
const answerMsMax = 1_500;
const descriptionWords = 30;

const sortExpressions: Readonly<Record<SearchSort, readonly string[]>> = {
  relevance: [],
  newest: ["created_at:desc"],
  price: ["price_min:asc"],
  "-price": ["price_min:desc"],
  rating: ["rating:desc", "rating_count:desc"],
};

const Counts = z.object({
  facetDistribution: z.record(z.string(), z.record(z.string(), z.int())).default({}),
  facetStats: z.record(z.string(), z.object({ min: z.number(), max: z.number() })).default({}),
});

/** Hits come from the index as it is now, without a look at the database. */
const Page = Counts.extend({
  hits: z.array(
    z.object({
      id: z.string(),
      /** None in documents of long ago. */
      stamp: z.string().optional(),
      product: z.unknown(),
      _formatted: z.object({ title: z.string(), description: z.string() }),
      _rankingScoreDetails: z.object({ words: z.object({ score: z.number() }).optional() }).default({}),
    }),
  ),
  totalHits: z.int(),
});

/** The page comes first, then what was counted under other filters. */
const IndexAnswer = z.object({ results: z.tuple([Page], Counts) });

/** @throws when the index does not answer in time, or not as expected. */
export async function searchIndex(context: Context, query: SearchQuery): Promise<Findings> {
  const groups = filterGroups(query, context.settings.SHOP_CURRENCY);
  const [onPage, ...elsewhere] = planFacets(query.facets ?? [], groups);
  const response = await context.search.multiSearch(
    {
      queries: [
        pageQuestion(query, groups, onPage),
        ...elsewhere.map((question) => countQuestion(context, query, question)),
      ],
    },
    { signal: AbortSignal.timeout(answerMsMax) },
  );
  const { results } = IndexAnswer.parse(response);
  const [page] = results;
  return {
    hits: page.hits.map(({ _formatted: { title, description }, ...hit }) => ({
      product: productOf(hit, context.now()),
      highlight: { title: highlightToHtml(title), description: highlightToHtml(description) },
    })),
    total: page.totalHits,
    matchesAllWords: (page.hits[0]?._rankingScoreDetails.words?.score ?? page.hits.length) >= 1,
    facets: facetsOf(mergeCounts(results), query, query.currency ?? context.settings.SHOP_CURRENCY),
  };
}

/** Products as documents with these stamps hold them: what was looked at once needs no second look. */
const parsed = createIsolateMemory<ProductWire>({ entriesMax: 1_000, lifeMs: 10 * minuteMs });

type Hit = { readonly id: string; readonly stamp?: string | undefined; readonly product?: unknown };

function productOf({ id, stamp, product }: Hit, now: EpochMs): ProductWire {
  if (stamp === undefined) return ProductWire.parse(product);
  const key = `${id} ${stamp}`;
  const known = parsed.get(key, now);
  if (known !== undefined) return known;
  const made = ProductWire.parse(product);
  parsed.set(key, made, now);
  return made;
}

/** What is found by words: the same in every question, so that the counts are of what the page is of. */
function wordsOf(query: SearchQuery) {
  return {
    indexUid: productIndex,
    q: query.q,
    // Near misses, which lack the commonest words, are for lists by relevance: one by price would begin with them.
    matchingStrategy: query.sort === "relevance" ? ("frequency" as const) : ("all" as const),
  };
}

function pageQuestion(query: SearchQuery, groups: readonly FilterGroup[], { attributes }: FacetQuestion) {
  return {
    ...wordsOf(query),
    filter: groups.map(({ expression }) => expression),
    sort: [...sortExpressions[query.sort]],
    facets: [...attributes],
    page: query.page,
    hitsPerPage: query.limit,
    attributesToRetrieve: ["id", "stamp", "title", "description", "product"],
    attributesToHighlight: ["title", "description"],
    attributesToCrop: ["description"],
    cropLength: descriptionWords,
    highlightPreTag: matchMarks.before,
    highlightPostTag: matchMarks.after,
    showRankingScoreDetails: query.q !== "",
  };
}

function countQuestion({ settings }: Context, query: SearchQuery, question: FacetQuestion) {
  return {
    ...wordsOf(query),
    filter: filterGroups(query, settings.SHOP_CURRENCY, question.without).map(({ expression }) => expression),
    facets: [...question.attributes],
    limit: 0,
  };
}
