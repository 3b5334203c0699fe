import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { type Database, transact } from "#platform/database";
import { type ReadAt, placeOf, readView, selectPlace } from "./epoch.ts";
import type { CategoryNode } from "./schema.ts";

const CategoryRow = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  parent_id: z.string().nullable(),
  product_count: z.coerce.number(),
});
type CategoryRow = z.infer<typeof CategoryRow>;

/** All categories as a forest, siblings by title, with the number of active products in each. */
export async function readCategories(context: Context): Promise<CategoryNode[]> {
  const rows = await readView<CategoryRow[]>(context, {
    name: "categories",
    schema: z.array(CategoryRow),
    read: readRows,
  });
  return childrenOf(
    null,
    Map.groupBy(rows, (row) => row.parent_id),
  );
}

async function readRows(database: Database): Promise<ReadAt<CategoryRow[]>> {
  const [placeResult, result] = await transact(database, [
    selectPlace(database),
    database.execute(sql`
      select c.id, c.handle, c.title, c.parent_id, count(p.id) as product_count
      from categories c
      left join product_categories pc on pc.category_id = c.id
      left join products p on p.id = pc.product_id and p.status = 'active'
      group by c.id order by c.title, c.id`),
  ]);
  return { place: placeOf(placeResult), value: result.rows.map((row) => CategoryRow.parse(row)) };
}

function childrenOf(
  parentId: string | null,
  byParent: ReadonlyMap<string | null, readonly CategoryRow[]>,
): CategoryNode[] {
  return (byParent.get(parentId) ?? []).map(({ id, handle, title, product_count }) => ({
    id,
    handle,
    title,
    product_count,
    children: childrenOf(id, byParent),
  }));
}
