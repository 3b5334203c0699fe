import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { type Database, transact } from "#platform/database";
import { type ReadAt, createViewReader, placeOf, selectPlace } from "./epoch.ts";

/** The latest are believed; what was renamed before so many others is found by lists only. */
const formerHandlesMax = 10_000;

const Former = z.object({ former: z.string(), present: z.string() });
type Former = z.infer<typeof Former>;

const readFormerHandles = createViewReader<Former[]>(z.array(Former));

/** Names of categories, with the present handle beside each that is a former one: what is indexed may be of either time. */
export async function withPresentHandles(context: Context, names: readonly string[]): Promise<string[]> {
  const all = await readFormerHandles(context, { name: "former-category-handles", read: readFormer });
  const present = new Map(all.map((each) => [each.former, each.present]));
  return [...new Set(names.flatMap((name) => [name, present.get(name) ?? name]))];
}

async function readFormer(database: Database): Promise<ReadAt<Former[]>> {
  const [placeResult, result] = await transact(database, [
    selectPlace(database),
    database.execute(sql`
      select f.handle as former, c.handle as present
      from former_category_handles f join categories c on c.id = f.category_id
      order by f.since desc limit ${formerHandlesMax}`),
  ]);
  return { place: placeOf(placeResult), value: result.rows.map((row) => Former.parse(row)) };
}
