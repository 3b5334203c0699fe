import { type SQL, sql } from "drizzle-orm";
import type { Travel } from "#platform/cursor";
import { momentOf } from "#platform/moments";
import { ProductStatus } from "./document.ts";
import { type Sort, beyond, hasTerm } from "./listed-products.ts";
import { isMeantBy } from "./product-words.ts";
import type { StaffProductQuery } from "./staff-list-schema.ts";

/** What a list of the staff asks for, the category by its id. */
export type StaffListedQuery = Omit<StaffProductQuery, "category"> & {
  readonly categoryId?: string | undefined;
};

const sorts: { readonly [Name in StaffProductQuery["sort"]]: Sort } = {
  updated: { column: sql`p.updated_at`, type: sql`timestamptz`, descending: true },
  newest: { column: sql`p.created_at`, type: sql`timestamptz`, descending: true },
  title: { column: sql`p.title`, type: sql`text`, descending: false },
};

/** Where as many have the words that were asked for, the page is soon met in the order of the list. */
const gatheredMax = 1_000;

/**
 * The statement that finds a page of products of any status: ids, each with the text of its sort key. Each status is
 * walked by its own index, and the pages of all of them are merged.
 */
export function selectStaffListedIds(query: StaffListedQuery, travel: Travel): SQL {
  const sort = sorts[query.sort];
  const downwards = sort.descending === (travel.direction === "after");
  const direction = downwards ? sql`desc` : sql`asc`;
  const conditions = [...filtersOf(query), ...beyond({ ...sort, downwards }, travel.from)];
  const pageOf = (...wanted: SQL[]) => sql`
    (select p.id, ${sort.column} as place from products p where ${allOf([...wanted, ...conditions])}
    order by ${sort.column} ${direction}, p.id ${direction} limit ${travel.rowsMax})`;
  const statuses = query.status === undefined ? ProductStatus.options : [query.status];
  const pages = statuses.map((status) => {
    const isOfStatus = sql`p.status = ${status}`;
    return query.q === undefined ? pageOf(isOfStatus) : pageOfFound(query.q, isOfStatus, pageOf);
  });
  return sql`
    select id, place::text as sort_key from (${sql.join(pages, sql` union all `)}) p
    order by place ${direction}, id ${direction} limit ${travel.rowsMax}`;
}

/** Few are gathered and sorted, many are met on the way: nobody has to guess how many there are, as Postgres would. */
function pageOfFound(text: string, isOfStatus: SQL, pageOf: (...wanted: SQL[]) => SQL): SQL {
  const isMeant = sql`(${isMeantBy(text)} or p.handle = ${text})`;
  const found = sql`(select count(*) from found)`;
  return sql`
    (with found as materialized (
      select p.id from products p where ${isOfStatus} and ${isMeant} limit ${gatheredMax})
    ${pageOf(sql`p.id = any (array(select id from found))`, sql`${found} < ${gatheredMax}`)}
    union all
    ${pageOf(isOfStatus, isMeant, sql`${found} = ${gatheredMax}`)})`;
}

function filtersOf({ categoryId, brand, tag, updated_since: since }: StaffListedQuery): SQL[] {
  const filters: (SQL | false)[] = [
    categoryId !== undefined && hasTerm([sql`product_term('category', ${categoryId})`]),
    brand !== undefined && sql`p.brand = ${brand}`,
    tag !== undefined && sql`p.tags @> array[${tag}]::text[]`,
    since !== undefined && sql`p.updated_at >= ${momentOf(since)}`,
  ];
  return filters.filter((filter) => filter !== false);
}

function allOf(conditions: readonly SQL[]): SQL {
  return sql.join([...conditions], sql` and `);
}
