import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/** A named value that outlives a restart. */
export function readSetting<Schema extends z.ZodType>(
  database: DatabaseSync,
  name: string,
  schema: Schema,
): z.infer<Schema> | undefined {
  const row = database.prepare("select value from settings where name = ?").get(name);
  return row === undefined ? undefined : schema.parse(JSON.parse(z.string().parse(row["value"])));
}

export function writeSetting(database: DatabaseSync, name: string, value: unknown): void {
  database
    .prepare(
      "insert into settings (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
    )
    .run(name, JSON.stringify(value));
}
