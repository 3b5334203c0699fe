import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import type { Page, PageRequest } from "#core/page";
import type { Context } from "#platform/context";
import { type Position, type Travel, readPage } from "#platform/cursor";
import { type Database, transact } from "#platform/database";
import { readProducts } from "./cached-products.ts";
import type { ProductDocument } from "./document.ts";
import { type ReadAt, placeOf, readView, selectPlace } from "./epoch.ts";
import type { ProductSort } from "./schema.ts";

export type ProductQuery = {
  readonly category?: string | undefined;
  readonly brand?: string | undefined;
  readonly price_min?: number | undefined;
  readonly price_max?: number | undefined;
  readonly currency?: string | undefined;
  readonly rating_min?: number | undefined;
  readonly in_stock?: boolean | undefined;
  /** Each `key:value`. */
  readonly attribute?: readonly string[] | undefined;
  readonly sort: ProductSort;
};

const IdPage = z.object({
  items: z.array(z.string()),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
  previousCursor: z.string().nullable(),
});

/** A page of the active products. The page's ids are cached under the catalogue's epoch, the products by themselves. */
export async function listProducts(
  context: Context,
  query: ProductQuery,
  request: PageRequest,
): Promise<Page<ProductDocument>> {
  const complete = completeQuery(context, query);
  const page = await readView<Page<string>>(context, {
    name: `products:${await sha256Hex(canonicalJson({ complete, request }))}`,
    schema: IdPage,
    read: (database) => readIds(context, database, { query: complete, request }),
  });
  const products = await readProducts(context, page.items);
  const items = page.items
    .map((id) => products.get(id))
    .filter((product) => product !== undefined)
    .filter((product) => product.status === "active");
  return { ...page, items };
}

/** The query alone, with the currency in which amounts are compared: the shop's unless another was asked for. */
function completeQuery(context: Context, query: ProductQuery): ProductQuery {
  const { category, brand, price_min, price_max, rating_min, in_stock, attribute, sort } = query;
  const comparesPrices = price_min !== undefined || price_max !== undefined || sort.endsWith("price");
  const currency = query.currency ?? (comparesPrices ? context.settings.SHOP_CURRENCY : undefined);
  return { category, brand, price_min, price_max, currency, rating_min, in_stock, attribute, sort };
}

type Listing = { query: ProductQuery; request: PageRequest };

async function readIds(
  context: Context,
  database: Database,
  { query, request }: Listing,
): Promise<ReadAt<Page<string>>> {
  let place = "";
  const page = await readPage<ListedRow>(context.settings, request, {
    name: canonicalJson({ products: query }),
    positionOf: (row) => [row.sort_key, row.id],
    read: async (travel) => {
      const [placeResult, idsResult] = await transact(database, [
        selectPlace(database),
        database.execute(selectIds(query, travel)),
      ]);
      place = placeOf(placeResult);
      return idsResult.rows.map((row) => ListedRow.parse(row));
    },
  });
  return { place, value: { ...page, items: page.items.map((row) => row.id) } };
}

const ListedRow = z.object({ id: z.string(), sort_key: z.string() });
type ListedRow = z.infer<typeof ListedRow>;

type Sort = { readonly column: SQL; readonly type: SQL; readonly descending: boolean };

const sorts: { readonly [Name in ProductSort]: Sort } = {
  newest: { column: sql`p.created_at`, type: sql`timestamptz`, descending: true },
  price: { column: sql`p.price_min`, type: sql`bigint`, descending: false },
  "-price": { column: sql`p.price_min`, type: sql`bigint`, descending: true },
  rating: { column: sql`p.rating_average`, type: sql`numeric`, descending: true },
  title: { column: sql`p.title`, type: sql`text`, descending: false },
};

function selectIds(query: ProductQuery, travel: Travel): SQL {
  const { column, type, descending } = sorts[query.sort];
  const downwards = descending === (travel.direction === "after");
  const conditions = [...filtersOf(query), ...beyond({ column, type, downwards }, travel.from)];
  const direction = downwards ? sql`desc` : sql`asc`;
  return sql`
    select p.id, ${column}::text as sort_key from products p
    where p.status = 'active' ${sql.join(conditions.map((condition) => sql` and ${condition}`))}
    order by ${column} ${direction}, p.id ${direction} limit ${travel.rowsMax}`;
}

function beyond(
  { column, type, downwards }: { column: SQL; type: SQL; downwards: boolean },
  from: Position | undefined,
): SQL[] {
  if (from === undefined) return [];
  const [sortKey, id] = from;
  const comparison = downwards ? sql`<` : sql`>`;
  return [sql`(${column}, p.id) ${comparison} (${sortKey}::${type}, ${id})`];
}

function filtersOf(query: ProductQuery): SQL[] {
  const filters: (SQL | false)[] = [
    query.category !== undefined &&
      sql`exists (
        select 1 from product_categories pc join categories c on c.id = pc.category_id
        where pc.product_id = p.id and (c.id = ${query.category} or c.handle = ${query.category}))`,
    query.brand !== undefined && sql`p.brand = ${query.brand}`,
    query.currency !== undefined && sql`p.currency = ${query.currency}`,
    query.rating_min !== undefined && sql`p.rating_average >= ${query.rating_min}::numeric`,
    query.in_stock !== undefined && stockFilter(query.in_stock),
    ...(query.attribute ?? []).map(attributeFilter),
    (query.price_min !== undefined || query.price_max !== undefined) &&
      priceFilter(query.price_min ?? 0, query.price_max ?? Number.MAX_SAFE_INTEGER),
  ];
  return filters.filter((filter) => filter !== false);
}

/** The value may be a text, a number, yes or no, or one of several; what was meant, the definition has made sure. */
function attributeFilter(wanted: string): SQL {
  const place = wanted.indexOf(":");
  const [key, text] = [wanted.slice(0, place), wanted.slice(place + 1)];
  const isLiteral = text === "true" || text === "false" || /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text);
  const values = [text, [text], ...(isLiteral ? [JSON.parse(text) as number | boolean] : [])];
  const has = (owner: SQL) =>
    sql.join(
      values.map((value) => sql`${owner}.attributes @> ${JSON.stringify({ [key]: value })}::jsonb`),
      sql` or `,
    );
  return sql`((p.attributes <> '{}' and (${has(sql`p`)})) or exists (
    select 1 from variants v where v.product_id = p.id and v.attributes <> '{}' and (${has(sql`v`)})))`;
}

function stockFilter(inStock: boolean): SQL {
  return sql`exists (
    select 1 from variants v join stock_levels s on s.sku = v.sku
    where v.product_id = p.id and s.available > 0) = ${inStock}`;
}

/** Some variant is within the range; the product's extremes rule out most without a look at variants. */
function priceFilter(from: number, to: number): SQL {
  return sql`p.price_max >= ${from}::bigint and p.price_min <= ${to}::bigint and exists (
    select 1 from variants v where v.product_id = p.id and v.price between ${from}::bigint and ${to}::bigint)`;
}
