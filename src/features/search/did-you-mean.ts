import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { readNearby } from "#platform/nearby-reads";
import { closestWord } from "./corrections.ts";
import { productIndex } from "./document.ts";
import { filterGroups } from "./filter-expression.ts";
import { productNames } from "./product-names.ts";
import type { SearchQuery } from "./schema.ts";

/** Words of a query that are looked at; a query with more is a sentence, and no slip. */
const wordsMax = 6;
/** Texts that a misspelt word is compared with. */
const textsPerWordMax = 40;
/** How like a part of a text a word must be to be compared at all: a swap of two letters in a short word gets so low. */
const likenessMin = 0.3;
const answerMsMax = 500;

export type DidYouMean = { readonly q: string; readonly total: number };

/**
 * The query as it was most likely meant, when words of it are found nowhere and it finds something without these slips;
 * else null. The index forgives one or two typos by itself, so this is for what is further off. Costs nothing unless
 * asked, and no search fails for its sake.
 */
export async function didYouMean(context: Context, query: SearchQuery): Promise<DidYouMean | null> {
  try {
    return await correct(context, query);
  } catch (error) {
    context.log("warn", "no correction of a search", errorFields(error));
    return null;
  }
}

async function correct(context: Context, query: SearchQuery): Promise<DidYouMean | null> {
  const words = query.q.split(/[\s"]+/).filter(Boolean);
  if (words.length === 0 || words.length > wordsMax) return null;
  const unknown = await wordsFoundNowhere(context, [...new Set(words)]);
  if (unknown.length === 0) return null;
  const texts = await textsLike(context, unknown);
  const corrections = new Map(
    unknown.map((word) => [word, closestWord(word, texts.get(word) ?? [])] as const),
  );
  if ([...corrections.values()].includes(undefined)) return null;
  const q = words.map((word) => corrections.get(word) ?? word).join(" ");
  const filter = filterGroups(query, context.settings.SHOP_CURRENCY).map(({ expression }) => expression);
  const [total = 0] = await totalsOf(context, [{ q, filter }]);
  return total > 0 ? { q, total } : null;
}

async function wordsFoundNowhere(context: Context, words: readonly string[]): Promise<string[]> {
  const totals = await totalsOf(
    context,
    words.map((q) => ({ q })),
  );
  return words.filter((_, index) => totals[index] === 0);
}

const Totals = z.object({ results: z.array(z.object({ totalHits: z.int() })) });

async function totalsOf(
  context: Context,
  questions: readonly { q: string; filter?: string[] }[],
): Promise<number[]> {
  const queries = questions.map((question) => ({
    ...question,
    indexUid: productIndex,
    matchingStrategy: "all" as const,
    page: 1,
    hitsPerPage: 0,
  }));
  const response = await context.search.multiSearch(
    { queries },
    { signal: AbortSignal.timeout(answerMsMax) },
  );
  return Totals.parse(response).results.map(({ totalHits }) => totalHits);
}

const Likeness = z.object({ word: z.string(), texts: z.array(z.string()) });

/** What products on sale are called, by the word that it is like. */
async function textsLike(
  context: Context,
  words: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const [, { rows }] = await readNearby(context, (database) =>
    transact(database, [
      database.execute(
        sql`select set_config('pg_trgm.word_similarity_threshold', ${String(likenessMin)}, true),
          set_config('statement_timeout', ${String(answerMsMax)}, true)`,
      ),
      database.execute(sql`
      select typed.word, array(
        select ${productNames} as text
        from products p
        where p.status = 'active' and typed.word <% ${productNames}
        order by word_similarity(typed.word, ${productNames}) desc
        limit ${textsPerWordMax}) as texts
      from jsonb_array_elements_text(${JSON.stringify(words)}::jsonb) as typed (word)`),
    ]),
  );
  return new Map(rows.map((row) => Likeness.parse(row)).map(({ word, texts }) => [word, texts]));
}
