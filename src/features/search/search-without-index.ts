import { sql } from "drizzle-orm";
import { z } from "zod";
import { canonicalJson } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { readProducts } from "#features/catalog/cached-products";
import type { ProductDocument } from "#features/catalog/document";
import { productToWire } from "#features/catalog/wire";
import type { Context } from "#platform/context";
import { databaseErrorOf, transact } from "#platform/database";
import { fewAtOnce } from "#platform/few-at-once";
import { readNearby } from "#platform/nearby-reads";
import { createSharedAnswers } from "#platform/shared-answers";
import { selectFoundIds } from "./found-ids.ts";
import { highlightToHtml } from "./highlight.ts";
import { likelyMeant } from "./likely-meant.ts";
import { plainText } from "./plain-text.ts";
import { type Findings, type SearchQuery, searchLimits } from "./schema.ts";

const descriptionCharacters = 200;

/** A statement that takes longer is ended by the database: carts and orders need it, too. */
const statementMsMax = 800;
const tookTooLong = "57014";

const takingTurns = fewAtOnce({ underWayMax: 8, waitMsMax: 1_000, workMsMax: 5_000 });

const Found = z.tuple([z.object({ ids: z.array(z.string()), total: z.int() })]);
type Found = z.infer<typeof Found>[0];

/** While the index is away everybody comes here: those who ask the same share an answer, and for a moment its memory. */
const shared = createSharedAnswers<Found>({ entriesMax: 500, lifeMs: 2_000, patienceMs: 3_000 });

/**
 * Products that have a word for each that was typed, from a replica: less than the index finds, but never nothing at all.
 * Where there are none, words that no product has are taken for those that they are closest to.
 * @throws AppError busy when too many search so at once.
 */
export async function searchWithoutIndex(context: Context, query: SearchQuery): Promise<Findings> {
  const { ids, total } = await findIds(context, query, {
    reachableMax: searchLimits.reachableMax,
    forgivesSlips: true,
  });
  const hits = (await readInOrder(context, ids)).map((product) => ({
    product: productToWire(product),
    highlight: {
      title: highlightToHtml(product.title),
      description: highlightToHtml(plainText(product.description, descriptionCharacters)),
    },
  }));
  return { hits, total, facets: {}, matchesAllWords: hits.length > 0 };
}

/** For suggestions it is enough to have put so many in order. */
const suggestedMax = 500;

/** The best of what {@link searchWithoutIndex} finds; words that are still being typed are no slips. */
export async function suggestWithoutIndex(
  context: Context,
  query: SearchQuery,
): Promise<readonly ProductDocument[]> {
  const { ids } = await findIds(context, query, { reachableMax: suggestedMax, forgivesSlips: false });
  return readInOrder(context, ids);
}

async function readInOrder(context: Context, ids: readonly string[]): Promise<ProductDocument[]> {
  const products = await readProducts(context, ids);
  return ids.map((id) => products.get(id)).filter((product) => product !== undefined);
}

type Reach = { readonly reachableMax: number; readonly forgivesSlips: boolean };

async function findIds(context: Context, query: SearchQuery, reach: Reach): Promise<Found> {
  const load = () => takingTurns(() => findMeant(context, query, reach));
  if (context.mustSee !== undefined) return load();
  const { facets: _, ...asked } = query;
  return shared(context, canonicalJson({ ...asked, ...reach }), load);
}

async function findMeant(
  context: Context,
  query: SearchQuery,
  { reachableMax, forgivesSlips }: Reach,
): Promise<Found> {
  const found = await readIds(context, query, reachableMax);
  if (found.total > 0 || !forgivesSlips) return found;
  const q = await likelyMeant(context, query.q);
  return q === undefined ? found : readIds(context, { ...query, q }, reachableMax);
}

async function readIds(context: Context, query: SearchQuery, reachableMax: number): Promise<Found> {
  const { SHOP_CURRENCY: shopCurrency } = context.settings;
  try {
    const [, { rows }] = await readNearby(context, (database) =>
      transact(database, [
        database.execute(sql`select set_config('statement_timeout', ${String(statementMsMax)}, true)`),
        database.execute(selectFoundIds(query, { shopCurrency, reachableMax })),
      ]),
    );
    return Found.parse(rows)[0];
  } catch (error) {
    if (databaseErrorOf(error)?.code !== tookTooLong) throw error;
    throw new AppError("busy", {
      detail: "Nothing was found in time. Ask for less, or try again in a moment.",
      retryAfterSeconds: 1,
    });
  }
}
