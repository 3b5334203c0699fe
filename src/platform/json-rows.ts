import { getTableColumns } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { z } from "zod";

const JsonRow = z.record(z.string(), z.json());

/**
 * A row that Postgres gave as JSON, by to_jsonb, read by the columns of its table just as a row of its own: so a tree of
 * rows comes in one statement, and from one snapshot.
 */
export function rowFromJson<Table extends PgTable>(table: Table, json: unknown): Table["$inferSelect"] {
  const stored = JsonRow.parse(json);
  const members = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = stored[column.name];
    if (value === undefined) throw new Error(`the row has no column ${column.name}`);
    return [name, value === null ? null : column.mapFromDriverValue(value)];
  });
  // Its columns have read each member, which is what the table's row type is made of.
  return Object.fromEntries(members) as Table["$inferSelect"];
}
