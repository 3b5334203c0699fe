import { type SQL, sql } from "drizzle-orm";
import type { Currency } from "#core/money";
import { isMeantBy } from "#features/catalog/product-words";
import { chosenOptions } from "./filter-expression.ts";
import { comparedCurrency } from "./rules.ts";
import type { SearchQuery, SearchSort } from "./schema.ts";

type Reach = {
  readonly shopCurrency: Currency;
  /** Products that can be paged through. */
  readonly reachableMax: number;
};

/** Each is the order of an index, from whose beginning a common word is soon found. */
const orders: Readonly<Record<SearchSort, SQL>> = {
  relevance: sql`p.rating_average desc, p.id desc`,
  newest: sql`p.created_at desc, p.id desc`,
  price: sql`p.price_min, p.id`,
  "-price": sql`p.price_min desc, p.id desc`,
  rating: sql`p.rating_average desc, p.id desc`,
};

/**
 * The statement that finds a page without the index: `[{ total, ids }]`, of products that have a word for each that was
 * typed, which may be its beginning. It counts no further than can be reached. Few are gathered and sorted; where there
 * are as many as can be reached, the page is soon met in the order asked for, whose index is walked. Nobody has to guess
 * beforehand how many there are, as Postgres would.
 */
export function selectFoundIds(query: SearchQuery, { shopCurrency, reachableMax }: Reach): SQL {
  const offset = (query.page - 1) * query.limit;
  const rows = Math.max(0, Math.min(query.limit, reachableMax - offset));
  const page = sql`order by ${orders[query.sort]} limit ${rows} offset ${offset}`;
  const conditions = conditionsOf(query, shopCurrency);
  return sql`
    with found as materialized (
      select p.id, p.rating_average, p.created_at, p.price_min from products p
      where ${conditions} limit ${reachableMax})
    select total, to_jsonb(case when total < ${reachableMax}
      then array(select p.id from found p ${page})
      else array(select p.id from products p where ${conditions} ${page}) end) as ids
    from (select count(*)::int as total from found) counted`;
}

function conditionsOf(query: SearchQuery, shopCurrency: Currency): SQL {
  const { category, brand, tag, price_min, price_max, rating_min, in_stock } = query;
  const currency = comparedCurrency(query, shopCurrency);
  const options = [...chosenOptions(query)].map(([attribute, values]) => hasOption(attribute, values));
  const conditions = [
    sql`p.status = 'active'`,
    query.q !== "" && isMeantBy(query.q),
    category !== undefined && isFiledUnder(category),
    brand !== undefined && sql`p.brand in (${listOf(brand)})`,
    tag !== undefined && sql`p.tags && array[${listOf(tag)}]::text[]`,
    ...termsOf(query),
    options.length > 0 && ofSomeVariant(options),
    currency !== undefined && sql`p.currency = ${currency}`,
    rating_min !== undefined && sql`p.rating_average >= ${rating_min}::numeric`,
    in_stock !== undefined && isInStock(in_stock, options),
    (price_min !== undefined || price_max !== undefined) && isPriced(price_min ?? 0, price_max),
  ];
  return sql.join(
    conditions.filter((condition) => condition !== false),
    sql` and `,
  );
}

function isFiledUnder(categories: readonly string[]): SQL {
  return sql`p.list_terms && array(
    select product_term('category', c.id) from categories c
    where c.id in (${listOf(categories)}) or c.handle in (${listOf(categories)}))`;
}

/**
 * What rules most products out by their own rows, for options that are called as products call them; names that the
 * index knows with blanks for some characters are left to {@link hasOption}.
 */
function termsOf({ option = [] }: SearchQuery): SQL[] {
  const named = Map.groupBy(
    option.filter(({ name }) => !name.includes(" ")),
    ({ name }) => name,
  );
  return [...named].map(([name, choices]) => {
    const terms = choices.map(
      ({ value }) => sql`product_term('options', ${JSON.stringify({ [name]: value })}::jsonb::text)`,
    );
    return sql`p.list_terms && array[${sql.join(terms, sql`, `)}]`;
  });
}

/** Compares names as {@link chosenOptions} knows them. */
function hasOption(attribute: string, values: readonly string[]): SQL {
  return sql`exists (
    select 1 from jsonb_each_text(v.options) chosen
    where 'options.' || translate(chosen.key, '.,:*', '    ') = ${attribute} and chosen.value in (${listOf(values)}))`;
}

/** With options, of those variants that have them. */
function isInStock(inStock: boolean, options: readonly SQL[]): SQL {
  if (options.length === 0) return sql`p.in_stock = ${inStock}`;
  const hasUnits = sql`exists (select 1 from stock_levels s where s.sku = v.sku and s.available > 0)`;
  return sql`${ofSomeVariant([...options, hasUnits])} = ${inStock}`;
}

/** Some variant is within the range; the product's extremes rule out most without a look at variants. */
function isPriced(from: number, to = Number.MAX_SAFE_INTEGER): SQL {
  return sql`p.price_max >= ${from}::bigint and p.price_min <= ${to}::bigint
    and ${ofSomeVariant([sql`v.price between ${from}::bigint and ${to}::bigint`])}`;
}

/** All of it holds of one and the same variant. As a join, Postgres would begin with those of the whole catalogue. */
function ofSomeVariant(conditions: readonly SQL[]): SQL {
  return sql`coalesce((
    select true from variants v where v.product_id = p.id and ${sql.join([...conditions], sql` and `)} limit 1), false)`;
}

function listOf(texts: readonly string[]): SQL {
  return sql.join(
    texts.map((text) => sql`${text}`),
    sql`, `,
  );
}
