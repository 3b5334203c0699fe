import { z } from "@hono/zod-openapi";
import { ProductWire } from "#features/catalog/schema";
import type { Context } from "#platform/context";
import { facetAttributes, optionAttribute, productIndex } from "./document.ts";
import { filterExpressions } from "./filter-expression.ts";
import { highlightToHtml, matchMarks } from "./highlight.ts";
import type { FacetWire, Findings, SearchQuery, SearchSort } from "./schema.ts";

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

/** Hits come from the index as it is now, without a look at the database. */
const IndexAnswer = z.object({
  hits: z.array(
    z.object({
      product: ProductWire,
      _formatted: z.object({ title: z.string(), description: z.string() }),
    }),
  ),
  totalHits: z.int(),
  facetDistribution: z.record(z.string(), z.record(z.string(), z.int())).default({}),
  facetStats: z.record(z.string(), z.object({ min: z.number(), max: z.number() })).default({}),
});
type IndexAnswer = z.infer<typeof IndexAnswer>;

/** @throws when the index does not answer in time, or not as expected. */
export async function searchIndex(context: Context, query: SearchQuery): Promise<Findings> {
  const sort = sortExpressions[query.sort];
  const response = await context.search.index(productIndex).search(
    query.q,
    {
      filter: filterExpressions(query, context.settings.SHOP_CURRENCY),
      sort: [...sort],
      // Near misses, which lack the commonest words, are for lists by relevance: one by price would begin with them.
      matchingStrategy: sort.length === 0 ? "frequency" : "all",
      facets: attributesToCount(query.facets ?? []),
      page: query.page,
      hitsPerPage: query.limit,
      attributesToRetrieve: ["title", "description", "product"],
      attributesToHighlight: ["title", "description"],
      attributesToCrop: ["description"],
      cropLength: descriptionWords,
      highlightPreTag: matchMarks.before,
      highlightPostTag: matchMarks.after,
    },
    { signal: AbortSignal.timeout(answerMsMax) },
  );
  const answer = IndexAnswer.parse(response);
  return {
    hits: answer.hits.map(({ product, _formatted: { title, description } }) => ({
      ...product,
      highlight: { title: highlightToHtml(title), description: highlightToHtml(description) },
    })),
    total: answer.totalHits,
    facets: facetsOf(answer, query.facets ?? []),
  };
}

/** `options` means all of them, whose names only the index knows. */
function attributesToCount(facets: readonly string[]): string[] {
  return facets.includes("options") ? ["*"] : facets.map(attributeOf);
}

function attributeOf(facet: string): string {
  for (const [name, attribute] of Object.entries(facetAttributes)) if (name === facet) return attribute;
  return optionAttribute(facet.slice("options.".length));
}

function facetsOf(answer: IndexAnswer, asked: readonly string[]): Record<string, FacetWire> {
  const names = asked.flatMap((facet) =>
    facet === "options"
      ? Object.keys(answer.facetDistribution).filter((attribute) => attribute.startsWith("options."))
      : [facet],
  );
  return Object.fromEntries(names.map((name) => [name, facetOf(answer, attributeOf(name))]));
}

function facetOf({ facetDistribution, facetStats }: IndexAnswer, attribute: string): FacetWire {
  const counts = Object.entries(facetDistribution[attribute] ?? {});
  const values = counts.map(([value, count]) => ({ value, count }));
  return {
    values: values.toSorted((a, b) => b.count - a.count),
    range: facetStats[attribute] ?? null,
  };
}
