import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { AdminCategory } from "./category-schema.ts";
import { CategoryDetails } from "./details.ts";
import { inOrder } from "./filed-product.ts";

const CategoryRow = AdminCategory.extend({ position: z.coerce.number(), version: z.coerce.number() });

/** The category as the primary knows it, unless it has been deleted. */
export async function selectCategory(context: Context, id: string): Promise<AdminCategory | undefined> {
  const { rows } = await context.databases.primary.execute(sql`
    select id, handle, title, parent_id, description, image, position, metadata, version,
      array(select handle from former_category_handles where category_id = c.id order by handle) as former_handles
    from categories c where id = ${id} and merged_into is null`);
  const [row] = rows;
  return row === undefined ? undefined : CategoryRow.parse(row);
}

const DetailsRows = z.array(CategoryDetails.extend({ handle: z.string() }));

/** What the shop says of its categories besides their titles, by handle; of most it says nothing. */
export async function readCategoryDetails(database: Database): Promise<Map<string, CategoryDetails>> {
  const { rows } = await database.execute(sql`
    select jsonb_strip_nulls(jsonb_build_object('handle', handle, 'description', nullif(description, ''),
      'image', image, 'position', nullif(position, 0))) ||
      case metadata when '{}' then '{}' else jsonb_build_object('metadata', metadata) end as told
    from categories where merged_into is null
      and (description <> '' or image is not null or position <> 0 or metadata <> '{}')`);
  const told = DetailsRows.parse(rows.map((row) => row["told"]));
  return new Map(told.map(({ handle, ...details }) => [handle, inOneOrder(details)]));
}

/** As files have them, so that the same content is the same text. */
function inOneOrder({ description, image, position, metadata }: CategoryDetails): CategoryDetails {
  return {
    ...(description !== undefined && { description }),
    ...(image !== undefined && { image: { url: image.url, alt: image.alt } }),
    ...(position !== undefined && { position }),
    ...(metadata !== undefined && { metadata: inOrder(metadata) }),
  };
}

/** Raises unless the category is at the version that was read; handles below follow in {@link changeHandles}. */
export function updateCategory(context: Context, after: AdminCategory, versionRead: number) {
  const { id, title, parent_id, description, image, position, metadata, version } = after;
  return context.databases.primary.execute(sql`
    with changed as (
      update categories set title = ${title}, parent_id = ${parent_id}, description = ${description},
        image = ${image === null ? null : JSON.stringify(image)}::jsonb, position = ${position},
        metadata = ${JSON.stringify(metadata)}::jsonb, version = ${version}, updated_at = now()
      where id = ${id} and version = ${versionRead} and merged_into is null returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Gives the category, and what is below it under its handle, another one, and remembers those that they had. */
export function changeHandles(context: Context, id: string, handles: { from: string; to: string }) {
  const { from, to } = handles;
  const { primary } = context.databases;
  const renamed = sql`id = ${id} or starts_with(handle, ${`${from}/`})`;
  return [
    primary.execute(sql`
      insert into former_category_handles (handle, category_id) select handle, id from categories where ${renamed}
      on conflict (handle) do update set category_id = excluded.category_id, since = now()`),
    primary.execute(sql`
      update categories set handle = ${to} || substr(handle, length(${from}) + 1), updated_at = now(),
        version = case when id = ${id} then version else version + 1 end
      where ${renamed}`),
    primary.execute(sql`
      delete from former_category_handles f using categories c where c.handle = f.handle and (c.id = ${id} or
        starts_with(c.handle, ${`${to}/`}))`),
  ] as const;
}

/** Whoever changes the tree does so alone, or two moves could make a circle of it. */
export function holdTree(context: Context) {
  return context.databases.primary.execute(sql`select pg_advisory_xact_lock(hashtext('categories'))`);
}

/** Raises when the category's place makes a circle, or the tree higher than it may be. */
export function expectPlace(context: Context, id: string, levelsMax: number) {
  return context.databases.primary.execute(sql`
    with recursive up (id, parent_id, level) as (
      select id, parent_id, 1 from categories where id = ${id}
      union all
      select c.id, c.parent_id, up.level + 1 from categories c join up on c.id = up.parent_id
      where up.level <= ${levelsMax}),
    down (id, level) as (
      select ${id}::text, 0
      union all
      select c.id, down.level + 1 from categories c join down on c.parent_id = down.id
      where down.level <= ${levelsMax})
    select expect_rows(
      greatest((select max(level) from up) + (select max(level) from down), ${levelsMax}), ${levelsMax})`);
}

/** Levels that the category and those below it take. */
export async function selectHeight(context: Context, id: string): Promise<number> {
  const { rows } = await context.databases.primary.execute(sql`
    with recursive down (id, level) as (
      select ${id}::text, 1
      union all
      select c.id, down.level + 1 from categories c join down on c.parent_id = down.id where down.level < 100)
    select max(level) as height from down`);
  return z.object({ height: z.coerce.number() }).parse(rows[0]).height;
}

const Uses = z.object({ children: z.coerce.number(), products: z.coerce.number() });

/** How many categories are below it, and how many products in it, at most so many as are worth telling. */
export async function selectUses(context: Context, id: string, toldMax: number) {
  const { rows } = await context.databases.primary.execute(sql`
    select (select count(*) from categories where parent_id = ${id} and merged_into is null) as children,
      (select count(*) from (
        select 1 from product_categories where category_id = ${id} limit ${toldMax}) counted) as products`);
  return Uses.parse(rows[0]);
}

/** Raises unless the category is at this version, and neither category nor product is in it. */
export function deleteEmptyCategory(context: Context, id: string, versionRead: number) {
  return context.databases.primary.execute(sql`
    with deleted as (
      delete from categories c where id = ${id} and version = ${versionRead} and merged_into is null
        and not exists (select 1 from categories below where below.parent_id = c.id)
        and not exists (select 1 from product_categories link where link.category_id = c.id)
      returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}

/** Takes the category out of the tree; its handles lead to the other at once, its products follow. */
export function mergeCategory(context: Context, gone: AdminCategory, targetId: string) {
  const { primary } = context.databases;
  return [
    primary.execute(sql`
      with merged as (
        update categories c set merged_into = ${targetId}, version = version + 1, updated_at = now()
        where id = ${gone.id} and version = ${gone.version} and merged_into is null
          and not exists (select 1 from categories below where below.parent_id = c.id and below.merged_into is null)
          and exists (select 1 from categories t where t.id = ${targetId} and t.merged_into is null)
        returning 1)
      select expect_rows((select count(*) from merged), 1)`),
    primary.execute(sql`
      update categories set merged_into = ${targetId} where merged_into = ${gone.id}`),
    primary.execute(sql`
      update former_category_handles set category_id = ${targetId} where category_id = ${gone.id}`),
    primary.execute(sql`
      insert into former_category_handles (handle, category_id) values (${gone.handle}, ${targetId})
      on conflict (handle) do update set category_id = excluded.category_id, since = now()`),
  ] as const;
}
