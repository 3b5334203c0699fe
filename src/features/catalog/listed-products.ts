import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Position, Travel } from "#platform/cursor";
import { combinationsOf } from "./option-choices.ts";
import type { OptionChoice, ProductSort } from "./list-filters.ts";

/** What a list asks for, the category by its id. */
export type ListedQuery = {
  readonly categoryId?: string | undefined;
  readonly brand?: string | undefined;
  readonly price_min?: number | undefined;
  readonly price_max?: number | undefined;
  readonly currency?: string | undefined;
  readonly rating_min?: number | undefined;
  readonly in_stock?: boolean | undefined;
  /** Each `key:value`. */
  readonly attribute?: readonly string[] | undefined;
  /** One value of each option named has to hold, all of them of one variant. */
  readonly option?: readonly OptionChoice[] | undefined;
  readonly sort: ProductSort;
};

/** A row of {@link selectListedIds}. */
export const ListedRow = z.object({ id: z.string(), sort_key: z.string() });
export type ListedRow = z.infer<typeof ListedRow>;

export type Sort = { readonly column: SQL; readonly type: SQL; readonly descending: boolean };

const sorts: { readonly [Name in ProductSort]: Sort } = {
  newest: { column: sql`p.created_at`, type: sql`timestamptz`, descending: true },
  price: { column: sql`p.price_min`, type: sql`bigint`, descending: false },
  "-price": { column: sql`p.price_min`, type: sql`bigint`, descending: true },
  rating: { column: sql`p.rating_average`, type: sql`numeric`, descending: true },
  title: { column: sql`p.title`, type: sql`text`, descending: false },
};

/**
 * The statement that finds a page of a list: ids, each with the text of its sort key. Every condition is one of the
 * product's own row, so that Postgres can walk the sort's index from the cursor on; see the migrations for list_terms.
 */
export function selectListedIds(query: ListedQuery, travel: Travel): SQL {
  const { column, type, descending } = sorts[query.sort];
  const downwards = descending === (travel.direction === "after");
  const conditions = [...filtersOf(query), ...beyond({ column, type, downwards }, travel.from)];
  const direction = downwards ? sql`desc` : sql`asc`;
  return sql`
    select p.id, ${column}::text as sort_key from products p
    where p.status = 'active' ${sql.join(conditions.map((condition) => sql` and ${condition}`))}
    order by ${column} ${direction}, p.id ${direction} limit ${travel.rowsMax}`;
}

/** The statement that finds the category of a name: its id, its handle or one that it had. */
export function selectCategoryId(name: string): SQL {
  return sql`
    select coalesce(merged_into, id) as id from categories where id = ${name} or handle = ${name}
    union all
    select category_id from former_category_handles where handle = ${name}`;
}

export function beyond(
  { column, type, downwards }: { column: SQL; type: SQL; downwards: boolean },
  from: Position | undefined,
): SQL[] {
  if (from === undefined) return [];
  const [sortKey, id] = from;
  const comparison = downwards ? sql`<` : sql`>`;
  return [sql`(${column}, p.id) ${comparison} (${sortKey}::${type}, ${id})`];
}

function filtersOf(query: ListedQuery): SQL[] {
  const { categoryId, brand, currency, rating_min, in_stock, attribute, option, price_min, price_max } =
    query;
  const filters: (SQL | false)[] = [
    categoryId !== undefined && hasTerm([sql`product_term('category', ${categoryId})`]),
    brand !== undefined && sql`p.brand = ${brand}`,
    currency !== undefined && sql`p.currency = ${currency}`,
    rating_min !== undefined && sql`p.rating_average >= ${rating_min}::numeric`,
    in_stock !== undefined && (in_stock || option === undefined) && sql`p.in_stock = ${in_stock}`,
    ...(attribute ?? []).map(attributeFilter),
    ...(option === undefined ? [] : optionFilters(option, in_stock)),
    (price_min !== undefined || price_max !== undefined) && priceFilter(query),
  ];
  return filters.filter((filter) => filter !== false);
}

/** The product has one of the terms at least. */
export function hasTerm(terms: readonly SQL[]): SQL {
  const [only, ...others] = terms;
  if (only === undefined) return sql`false`;
  const wanted = sql`array[${sql.join([only, ...others], sql`, `)}]`;
  return others.length === 0 ? sql`p.list_terms @> ${wanted}` : sql`p.list_terms && ${wanted}`;
}

/** The value may be a text, a number, yes or no, or one of several; what was meant, the definition has made sure. */
function attributeFilter(wanted: string): SQL {
  const place = wanted.indexOf(":");
  const [key, text] = [wanted.slice(0, place), wanted.slice(place + 1)];
  const isLiteral = text === "true" || text === "false" || /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text);
  const values = [text, ...(isLiteral ? [JSON.parse(text) as number | boolean] : [])];
  return hasTerm(values.map((value) => termOf("attribute", { [key]: value })));
}

/** As jsonb prints it, so that the order of names and the notation of numbers are those of the stored terms. */
function termOf(kind: "attribute" | "options", content: Readonly<Record<string, unknown>>): SQL {
  return sql`product_term(${kind}, ${JSON.stringify(content)}::jsonb::text)`;
}

/** With stock, what is said of the stock is said of the variants that fit: one of them has some, or none has. */
function optionFilters(option: readonly OptionChoice[], inStock: boolean | undefined): SQL[] {
  const combinations = combinationsOf(option);
  const filters: SQL[] = [hasTerm(combinations.map((combination) => termOf("options", combination)))];
  if (inStock === undefined || combinations.length === 0) return filters;
  const ofVariant = sql.join(
    combinations.map((combination) => sql`v.options @> ${JSON.stringify(combination)}::jsonb`),
    sql` or `,
  );
  const someInStock = ofSomeVariant(
    sql`(${ofVariant}) and exists (select 1 from stock_levels s where s.sku = v.sku and s.available > 0)`,
  );
  return [...filters, inStock ? someInStock : sql`not ${someInStock}`];
}

/**
 * Some variant is within the range; the product's extremes rule out most without a look at variants. In the order of
 * prices they are judged within that order's index, else by their range, of which Postgres knows how many overlap.
 */
function priceFilter({
  price_min: from = 0,
  price_max: to = Number.MAX_SAFE_INTEGER,
  sort,
}: ListedQuery): SQL {
  const extremes = sort.endsWith("price")
    ? sql`p.price_max >= ${from}::bigint and p.price_min <= ${to}::bigint`
    : sql`int8range(p.price_min, p.price_max, '[]') && int8range(${from}::bigint, ${to}::bigint, '[]')`;
  return sql`${extremes} and ${ofSomeVariant(sql`v.price between ${from}::bigint and ${to}::bigint`)}`;
}

/** Asked of each product in turn: as a join, Postgres would begin with the variants of the whole catalogue. */
function ofSomeVariant(condition: SQL): SQL {
  return sql`coalesce((select true from variants v where v.product_id = p.id and ${condition} limit 1), false)`;
}
