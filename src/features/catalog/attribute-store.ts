import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { type AttributeDefinition, attributeOwners, attributeTypes } from "./attributes.ts";
import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import { anyOf } from "./store.ts";

/** A definition to be made. */
export type NewDefinition = Omit<AttributeDefinitionWire, "version">;

const Row = z.object({
  key: z.string(),
  title: z.string(),
  applies_to: z.enum(attributeOwners),
  type: z.enum(attributeTypes),
  choices: z.array(z.string()),
  version: z.coerce.number(),
});

const columns = sql`key, title, applies_to, type, to_jsonb(choices) as choices, version`;

/** The definitions of these keys, or all of them. */
export async function readDefinitions(
  database: Database,
  keys?: readonly string[],
): Promise<AttributeDefinitionWire[]> {
  if (keys?.length === 0) return [];
  const wanted = keys === undefined ? sql`true` : sql`key = ${anyOf(keys)}`;
  const { rows } = await database.execute(
    sql`select ${columns} from attribute_definitions where ${wanted} order by key`,
  );
  return rows.map((row) => Row.parse(row));
}

/** Breaks the primary key when the key is taken. */
export function insertDefinitions(context: Context, definitions: readonly NewDefinition[]) {
  return context.databases.primary.execute(sql`
    insert into attribute_definitions (key, title, applies_to, type, choices)
    select key, title, applies_to, type, choices
    from jsonb_to_recordset(${JSON.stringify(definitions)}::jsonb)
      as r (key text, title text, applies_to text, type text, choices text[])`);
}

/** Raises unless the definition is at this version. */
export function updateDefinition(context: Context, definition: AttributeDefinitionWire, versionRead: number) {
  const { key, title, choices, version } = definition;
  return context.databases.primary.execute(sql`
    with changed as (
      update attribute_definitions set title = ${title}, version = ${version}, updated_at = now(),
        choices = array(select jsonb_array_elements_text(${JSON.stringify(choices)}::jsonb))
      where key = ${key} and version = ${versionRead} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Raises unless the definition is at this version. */
export function deleteDefinition(context: Context, key: string, versionRead: number) {
  return context.databases.primary.execute(sql`
    with deleted as (
      delete from attribute_definitions where key = ${key} and version = ${versionRead} returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}

/**
 * Raises while a product or variant has the attribute, or one of these choices of it. In the transaction of the change
 * it comes behind the definition's row: whoever writes the attribute holds that row meanwhile.
 */
export function expectUnused(context: Context, key: string, choices?: readonly string[]) {
  const used =
    choices === undefined
      ? sql`attributes ? ${key}`
      : sql`attributes -> ${key} ?| array(select jsonb_array_elements_text(${JSON.stringify(choices)}::jsonb))`;
  return context.databases.primary.execute(sql`
    select expect_rows((select count(*) from (
      (select 1 from products where attributes <> '{}' and ${used} limit 1)
      union all
      (select 1 from variants where attributes <> '{}' and ${used} limit 1)) uses), 0)`);
}

/** Raises when one of the definitions is no longer what was read; until the end of the transaction they stay. */
export function holdDefinitions(context: Context, definitions: readonly AttributeDefinition[]) {
  const rows = definitions.map(({ key, version }) => ({ key, version }));
  return context.databases.primary.execute(sql`
    select expect_rows((select count(*) from (
      select 1 from attribute_definitions d
      join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (key text, version bigint)
        on d.key = r.key and d.version = r.version
      for share of d) held), ${rows.length})`);
}
