import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Currency } from "#core/money";
import { readProducts } from "#features/catalog/cached-products";
import { productToWire } from "#features/catalog/wire";
import type { Context } from "#platform/context";
import { chosenOptions } from "./filter-expression.ts";
import { readNearby } from "#platform/nearby-reads";
import { highlightToHtml } from "./highlight.ts";
import { plainText } from "./plain-text.ts";
import { comparedCurrency } from "./rules.ts";
import { type Findings, type SearchQuery, type SearchSort, searchLimits } from "./schema.ts";

/** More words narrow the search no further: each costs a comparison with every product. */
const wordsMax = 6;
const descriptionCharacters = 200;

const orders: Readonly<Record<SearchSort, SQL>> = {
  relevance: sql`p.rating_average desc, p.id desc`,
  newest: sql`p.created_at desc, p.id desc`,
  price: sql`p.price_min, p.id`,
  "-price": sql`p.price_min desc, p.id desc`,
  rating: sql`p.rating_average desc, p.rating_count desc, p.id desc`,
};

const Found = z.object({ ids: z.array(z.string()), total: z.coerce.number() });

/** Products whose names contain every word, from a replica: less than the index finds, but never nothing at all. */
export async function searchWithoutIndex(context: Context, query: SearchQuery): Promise<Findings> {
  const conditions = sql.join(conditionsOf(query, context.settings.SHOP_CURRENCY), sql` and `);
  const order = orders[query.sort];
  const { rows } = await readNearby(context, (database) =>
    database.execute(sql`
    with found as (
      select p.id, row_number() over (order by ${order}) as place from products p
      where ${conditions} order by place limit ${searchLimits.reachableMax}),
    page as (select id, place from found order by place limit ${query.limit} offset ${(query.page - 1) * query.limit})
    select coalesce((select jsonb_agg(id order by place) from page), '[]') as ids,
      (select count(*) from found) as total`),
  );
  const { ids, total } = Found.parse(rows[0]);
  const products = await readProducts(context, ids);
  const hits = ids
    .map((id) => products.get(id))
    .filter((product) => product !== undefined)
    .map((product) => ({
      ...productToWire(product),
      highlight: {
        title: highlightToHtml(product.title),
        description: highlightToHtml(plainText(product.description, descriptionCharacters)),
      },
    }));
  return { hits, total, facets: {}, matchesAllWords: hits.length > 0 };
}

function conditionsOf(query: SearchQuery, shopCurrency: Currency): SQL[] {
  const { category, brand, tag, price_min, price_max, rating_min, in_stock } = query;
  const currency = comparedCurrency(query, shopCurrency);
  const options = [...chosenOptions(query)].map(([attribute, values]) => hasOption(attribute, values));
  const conditions = [
    sql`p.status = 'active'`,
    ...wordsOf(query.q).map(containsWord),
    category !== undefined &&
      sql`exists (
        select 1 from product_categories pc join categories c on c.id = pc.category_id
        where pc.product_id = p.id and (c.id ${oneOf(category)} or c.handle ${oneOf(category)}))`,
    brand !== undefined && sql`p.brand ${oneOf(brand)}`,
    tag !== undefined && sql`exists (select 1 from unnest(p.tags) as t (tag) where t.tag ${oneOf(tag)})`,
    options.length > 0 && ofSomeVariant(options),
    currency !== undefined && sql`p.currency = ${currency}`,
    rating_min !== undefined && sql`p.rating_average >= ${rating_min}::numeric`,
    in_stock !== undefined && sql`${ofSomeVariant([...options, isInStock])} = ${in_stock}`,
    (price_min !== undefined || price_max !== undefined) &&
      sql`exists (
        select 1 from variants v where v.product_id = p.id
          and v.price between ${price_min ?? 0}::bigint and ${price_max ?? Number.MAX_SAFE_INTEGER}::bigint)`,
  ];
  return conditions.filter((condition) => condition !== false);
}

/** All of it holds of one and the same variant. */
function ofSomeVariant(conditions: readonly SQL[]): SQL {
  return sql`exists (select 1 from variants v where v.product_id = p.id and ${sql.join([...conditions], sql` and `)})`;
}

const isInStock = sql`exists (select 1 from stock_levels s where s.sku = v.sku and s.available > 0)`;

/** Compares names as {@link chosenOptions} knows them. */
function hasOption(attribute: string, values: readonly string[]): SQL {
  return sql`exists (
    select 1 from jsonb_each_text(v.options) chosen
    where 'options.' || translate(chosen.key, '.,:*', '    ') = ${attribute} and chosen.value ${oneOf(values)})`;
}

function oneOf(texts: readonly string[]): SQL {
  return sql`in (select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean).slice(0, wordsMax);
}

function containsWord(word: string): SQL {
  const pattern = `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql`(p.title || ' ' || coalesce(p.brand, '') || ' ' || array_to_string(p.tags, ' ') ilike ${pattern}
    or exists (select 1 from variants v where v.product_id = p.id and v.sku ilike ${pattern}))`;
}
