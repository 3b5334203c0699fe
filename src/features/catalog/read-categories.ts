import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { type Database, transact } from "#platform/database";
import { type ReadAt, createViewReader, placeOf, selectPlace } from "./epoch.ts";
import { type CategoryNode, categoryFields } from "./schema.ts";

const CategoryRow = z.object({ ...categoryFields, product_count: z.coerce.number() });
type CategoryRow = z.infer<typeof CategoryRow>;

const readCategoryRows = createViewReader<CategoryRow[]>(z.array(CategoryRow));

/** The same rows, which memory gives again and again, grow the same forest. */
const forests = new WeakMap<CategoryRow[], CategoryNode[]>();

/** All categories as a forest, siblings by their positions, then by title, with the number of active products in each. */
export async function readCategories(context: Context): Promise<CategoryNode[]> {
  const rows = await readCategoryRows(context, { name: "categories:2", read: readRows });
  const known = forests.get(rows);
  if (known !== undefined) return known;
  const made = childrenOf(
    null,
    Map.groupBy(rows, (row) => row.parent_id),
  );
  forests.set(rows, made);
  return made;
}

async function readRows(database: Database): Promise<ReadAt<CategoryRow[]>> {
  const [placeResult, result] = await transact(database, [
    selectPlace(database),
    database.execute(sql`
      select c.id, c.handle, c.title, c.parent_id, c.description, c.image, count(p.id) as product_count
      from categories c
      left join product_categories pc on pc.category_id = c.id
      left join products p on p.id = pc.product_id and p.status = 'active'
      where c.merged_into is null
      group by c.id order by c.position, c.title, c.id`),
  ]);
  return { place: placeOf(placeResult), value: result.rows.map((row) => CategoryRow.parse(row)) };
}

function childrenOf(
  parentId: string | null,
  byParent: ReadonlyMap<string | null, readonly CategoryRow[]>,
): CategoryNode[] {
  return (byParent.get(parentId) ?? []).map(({ id, handle, title, description, image, product_count }) => ({
    id,
    handle,
    title,
    description,
    image,
    product_count,
    children: childrenOf(id, byParent),
  }));
}
