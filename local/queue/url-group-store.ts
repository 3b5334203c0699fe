import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const Endpoint = z.object({ name: z.string().optional(), url: z.string() });
export type Endpoint = z.infer<typeof Endpoint>;

const UrlGroupRow = z
  .object({
    name: z.string(),
    endpoints: z.string(),
    created_at: z.number(),
    updated_at: z.number(),
  })
  .transform((row) => ({
    name: row.name,
    endpoints: z.array(Endpoint).parse(JSON.parse(row.endpoints)),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
export type UrlGroup = z.infer<typeof UrlGroupRow>;

export function createUrlGroupStore(database: DatabaseSync) {
  const select = database.prepare("select * from url_groups where name = ?");
  const selectAll = database.prepare("select * from url_groups order by name");
  const save = database.prepare("insert or replace into url_groups values (?, ?, ?, ?)");
  const remove = database.prepare("delete from url_groups where name = ?");

  return {
    find(name: string): UrlGroup | undefined {
      const row = select.get(name);
      return row && UrlGroupRow.parse(row);
    },
    all: (): UrlGroup[] => selectAll.all().map((row) => UrlGroupRow.parse(row)),
    save(group: UrlGroup): void {
      save.run(group.name, JSON.stringify(group.endpoints), group.createdAt, group.updatedAt);
    },
    remove: (name: string): boolean => remove.run(name).changes > 0,
  };
}
