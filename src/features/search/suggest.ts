import { z } from "zod";
import { Currency, money, moneyToWire } from "#core/money";
import { readCategories } from "#features/catalog/read-categories";
import type { CategoryNode } from "#features/catalog/schema";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { createSharedAnswers } from "#platform/shared-answers";
import { wordsOfText } from "./corrections.ts";
import { productIndex } from "./document.ts";
import { highlightToHtml, matchMarks } from "./highlight.ts";
import { askIndex, isOurFault } from "./index-asking.ts";
import { SearchQuery } from "./schema.ts";
import { suggestWithoutIndex } from "./search-without-index.ts";
import type { SuggestedProduct, SuggestQuery, Suggestions } from "./suggest-schema.ts";

/** Whoever types does not wait: what comes later is found without the index. */
const answerMsMax = 700;

/** Everybody types the same beginnings. The answers that are made of this are kept for longer: see the route. */
const shared = createSharedAnswers<Suggestions>({ entriesMax: 500, lifeMs: 2_000, patienceMs: 4_000 });

/** What somebody who has typed so far may be looking for: products, brands and categories. */
export function suggest(context: Context, query: SuggestQuery): Promise<Suggestions> {
  return shared(context, `${query.limit} ${query.q.toLowerCase()}`, () => find(context, query));
}

async function find(context: Context, query: SuggestQuery): Promise<Suggestions> {
  const categories = categoriesLike(await readCategories(context), query);
  try {
    const [products, brands] = await askIndex(context, () =>
      Promise.all([productsLike(context, query), brandsLike(context, query)]),
    );
    return { products, brands, categories, degraded: false };
  } catch (error) {
    context.log("warn", "the search index gave no suggestions; asking the database", errorFields(error));
    if (isOurFault(error)) context.reportError(error, { job: "suggest" });
    const products = await productsWithoutIndex(context, query);
    return { products, brands: [], categories, degraded: true };
  }
}

const Hits = z.object({
  hits: z.array(
    z.object({
      id: z.string(),
      handle: z.string(),
      title: z.string(),
      image: z.string().nullable(),
      price_min: z.int(),
      currency: Currency,
      _formatted: z.object({ title: z.string() }),
    }),
  ),
});

async function productsLike(context: Context, { q, limit }: SuggestQuery): Promise<SuggestedProduct[]> {
  const response = await context.search.index(productIndex).search(
    q,
    {
      limit,
      attributesToRetrieve: ["id", "handle", "title", "image", "price_min", "currency"],
      attributesToHighlight: ["title"],
      highlightPreTag: matchMarks.before,
      highlightPostTag: matchMarks.after,
    },
    { signal: AbortSignal.timeout(answerMsMax) },
  );
  return Hits.parse(response).hits.map(({ id, handle, title, image, price_min, currency, _formatted }) => ({
    id,
    handle,
    title,
    highlight: highlightToHtml(_formatted.title),
    image,
    price_min: moneyToWire(money(price_min, currency)),
  }));
}

const FacetHits = z.object({ facetHits: z.array(z.object({ value: z.string(), count: z.int() })) });

async function brandsLike(context: Context, { q, limit }: SuggestQuery): Promise<Suggestions["brands"]> {
  const response = await context.search
    .index(productIndex)
    .searchForFacetValues(
      { facetName: "brand", facetQuery: q },
      { signal: AbortSignal.timeout(answerMsMax) },
    );
  return FacetHits.parse(response)
    .facetHits.slice(0, limit)
    .map(({ value, count }) => ({ brand: value, count }));
}

/** Categories in whose title each word that was typed begins a word, the fullest first. */
function categoriesLike(
  forest: readonly CategoryNode[],
  { q, limit }: SuggestQuery,
): Suggestions["categories"] {
  const typed = wordsOfText(q);
  if (typed.length === 0) return [];
  return allOf(forest)
    .filter(({ title, product_count }) => {
      const words = wordsOfText(title);
      return (
        product_count > 0 && typed.every((beginning) => words.some((word) => word.startsWith(beginning)))
      );
    })
    .toSorted((a, b) => b.product_count - a.product_count)
    .slice(0, limit)
    .map(({ handle, title, product_count }) => ({ handle, title, count: product_count }));
}

function allOf(forest: readonly CategoryNode[]): CategoryNode[] {
  return forest.flatMap((node) => [node, ...allOf(node.children)]);
}

/** None when the database has too much to do: nobody waits for suggestions. */
async function productsWithoutIndex(
  context: Context,
  { q, limit }: SuggestQuery,
): Promise<SuggestedProduct[]> {
  const products = await suggestWithoutIndex(context, SearchQuery.parse({ q, limit })).catch(
    (error: unknown) => {
      context.log("warn", "the database gave no suggestions either", errorFields(error));
      return [];
    },
  );
  return products.map(({ id, handle, title, images, priceMin, currency }) => ({
    id,
    handle,
    title,
    highlight: highlightToHtml(title),
    image: images[0]?.url ?? null,
    price_min: moneyToWire(money(priceMin, currency)),
  }));
}
