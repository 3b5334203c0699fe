import { z } from "zod";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import type { Page, PageRequest } from "#core/page";
import { dayMs } from "#core/time";
import type { Context } from "#platform/context";
import { type Travel, readPage } from "#platform/cursor";
import { type Database, transact } from "#platform/database";
import { createIsolateMemory } from "#platform/isolate-memory";
import { readProducts } from "./cached-products.ts";
import type { ProductDocument } from "./document.ts";
import { type ReadAt, createViewReader, placeOf, selectPlace } from "./epoch.ts";
import { ListedRow, type ListedQuery, selectCategoryId, selectListedIds } from "./listed-products.ts";

export type ProductQuery = Omit<ListedQuery, "categoryId"> & {
  /** Id or handle; categories below it are included. */
  readonly category?: string | undefined;
};

const IdPage = z.object({
  items: z.array(z.string()),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
  previousCursor: z.string().nullable(),
});

const readIdPage = createViewReader<Page<string>>(IdPage);

/** A page of the active products. The page's ids are cached under the catalogue's epoch, the products by themselves. */
export async function listProducts(
  context: Context,
  query: ProductQuery,
  request: PageRequest,
): Promise<Page<ProductDocument>> {
  const complete = completeQuery(context, query);
  const page = await readIdPage(context, {
    name: `products:${await sha256Hex(canonicalJson({ complete, request }))}`,
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
  const { category, brand, price_min, price_max, rating_min, in_stock, attribute, option, sort } = query;
  const comparesPrices = price_min !== undefined || price_max !== undefined || sort.endsWith("price");
  const currency = query.currency ?? (comparesPrices ? context.settings.SHOP_CURRENCY : undefined);
  return { category, brand, price_min, price_max, currency, rating_min, in_stock, attribute, option, sort };
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
      const read = await readRows(context, database, { query, travel });
      place = read.place;
      return read.value;
    },
  });
  return { place, value: { ...page, items: page.items.map((row) => row.id) } };
}

/** Where each category's name led when last seen, "" to none: what Postgres is to plan with has to be in the statement. */
const categoryIds = createIsolateMemory<string>({ entriesMax: 5_000, lifeMs: dayMs });

/** The category's id is guessed and checked in the same round trip; a wrong guess costs another. */
async function readRows(
  context: Context,
  database: Database,
  { query: { category, ...query }, travel }: { query: ProductQuery; travel: Travel },
): Promise<ReadAt<ListedRow[]>> {
  const categoryId = category === undefined ? undefined : (categoryIds.get(category, context.now()) ?? "");
  const [placeResult, categoryResult, idsResult] = await transact(database, [
    selectPlace(database),
    database.execute(selectCategoryId(category ?? "")),
    database.execute(selectListedIds({ ...query, categoryId }, travel)),
  ]);
  if (category !== undefined) {
    const id = categoryResult.rows.map((row) => CategoryRow.parse(row).id)[0] ?? "";
    categoryIds.set(category, id, context.now());
    if (id !== categoryId) return readRows(context, database, { query: { category, ...query }, travel });
  }
  return { place: placeOf(placeResult), value: idsResult.rows.map((row) => ListedRow.parse(row)) };
}

const CategoryRow = z.object({ id: z.string() });
