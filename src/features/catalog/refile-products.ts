import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { NewEvent, RecordedEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";

/** Products that one event takes along; the rest wait for the next. */
const productsAtOnce = 200;

const ProductRow = z.object({
  id: z.string(),
  handle: z.string(),
  status: z.string(),
  version: z.coerce.number(),
});
type ProductRow = z.infer<typeof ProductRow>;

/**
 * Brings the products of a changed category to the present tree, some at a time: their ancestors' links, what lists find
 * them by, and their versions, so that caches and the search index hear of them. Repeated, it does the same again; a
 * product that somebody else writes meanwhile makes the batch fail, and the outbox repeats it.
 */
export async function refileProducts(
  context: Context,
  { data: { category_id: categoryId, after } }: RecordedEvent<"category.refile">,
): Promise<void> {
  const { primary } = context.databases;
  const products = await selectProducts(context, categoryId, after);
  const last = products.at(-1);
  if (last === undefined) return finish(context, categoryId, after);
  const ids = sql`any (array(select jsonb_array_elements_text(${JSON.stringify(products.map(({ id }) => id))}::jsonb)))`;
  await transact(primary, [
    primary.execute(sql`select 1 from products where id = ${ids} order by id for no key update`),
    primary.execute(moveToMerged(categoryId, ids)),
    primary.execute(relinkAncestors(ids)),
    primary.execute(raiseVersions(products)),
    insertEvents(context, [...products.map(changeOf), refileAfter(categoryId, last.id)]),
  ]);
  context.wakeOutbox();
}

async function selectProducts(context: Context, categoryId: string, after: string): Promise<ProductRow[]> {
  const { rows } = await context.databases.primary.execute(sql`
    select p.id, p.handle, p.status, p.version from product_categories link join products p on p.id = link.product_id
    where link.category_id = ${categoryId} and link.product_id > ${after}
    order by link.product_id limit ${productsAtOnce}`);
  return rows.map((row) => ProductRow.parse(row));
}

/** A merged category goes when nothing is in it; products that came back behind the walk are taken along by another. */
async function finish(context: Context, categoryId: string, after: string): Promise<void> {
  if (after === "") {
    await context.databases.primary.execute(sql`
      delete from categories c where id = ${categoryId} and merged_into is not null
        and not exists (select 1 from product_categories link where link.category_id = c.id)`);
    return;
  }
  const { rows } = await context.databases.primary.execute(
    sql`select 1 from categories where id = ${categoryId} and merged_into is not null`,
  );
  if (rows.length === 0) return;
  await insertEvents(context, [refileAfter(categoryId, "")]);
  context.wakeOutbox();
}

function moveToMerged(categoryId: string, ids: SQL): SQL {
  return sql`
    with moved as (
      delete from product_categories link using categories c
      where c.id = link.category_id and c.id = ${categoryId} and c.merged_into is not null and link.product_id = ${ids}
      returning link.product_id, c.merged_into)
    insert into product_categories (product_id, category_id, filed) select product_id, merged_into, true from moved
    on conflict (category_id, product_id) do update set filed = true`;
}

function relinkAncestors(ids: SQL): SQL {
  return sql`
    with recursive behind (product_id, category_id) as (
      select product_id, category_id from product_categories where product_id = ${ids} and filed
      union
      select behind.product_id, c.parent_id from behind join categories c on c.id = behind.category_id
      where c.parent_id is not null),
    unlinked as (
      delete from product_categories link where product_id = ${ids} and not filed and not exists (
        select 1 from behind where behind.product_id = link.product_id and behind.category_id = link.category_id))
    insert into product_categories (product_id, category_id, filed)
    select product_id, category_id, false from behind on conflict do nothing`;
}

function raiseVersions(products: readonly ProductRow[]): SQL {
  const rows = JSON.stringify(products.map(({ id, version }) => ({ id, version })));
  return sql`
    with raised as (
      update products p set version = p.version + 1, updated_at = now(), list_terms = product_terms(
        array(select category_id from product_categories where product_id = p.id), p.attributes,
        coalesce((
          select jsonb_agg(jsonb_build_object('options', v.options, 'attributes', v.attributes))
          from variants v where v.product_id = p.id), '[]'))
      from jsonb_to_recordset(${rows}::jsonb) as r (id text, version bigint)
      where p.id = r.id and p.version = r.version
      returning 1)
    select expect_rows((select count(*) from raised), ${products.length})`;
}

function changeOf({ id, handle, status, version }: ProductRow): NewEvent {
  const data = { product_id: id, version: version + 1 };
  return status === "archived"
    ? { type: "product.deleted", subject: id, data: { ...data, handle } }
    : { type: "product.changed", subject: id, data };
}

function refileAfter(categoryId: string, after: string): NewEvent {
  return { type: "category.refile", subject: categoryId, data: { category_id: categoryId, after } };
}
