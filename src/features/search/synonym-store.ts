import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import { type SynonymWire, synonymLimits } from "./synonym-schema.ts";

const Row = z
  .object({
    id: z.string(),
    input: z.string().nullable(),
    words: z.array(z.string()),
    version: z.coerce.number(),
    updated_ms: z.coerce.number(),
  })
  .transform(({ updated_ms: updatedMs, ...group }): SynonymWire => {
    return { ...group, updated_at: toTimestamp(epochMs(Math.round(updatedMs))) };
  });

/** The groups by id, from a place on; with a word, those in which it stands. */
export async function selectSynonyms(
  context: Context,
  { direction, from: [from] = [], rowsMax }: Travel,
  word: string | undefined,
): Promise<SynonymWire[]> {
  const [comparison, order] = direction === "after" ? [sql`>`, sql`asc`] : [sql`<`, sql`desc`];
  const beyond = from === undefined ? sql`true` : sql`id ${comparison} ${from}`;
  const having = word === undefined ? sql`true` : sql`(input = ${word} or words @> array[${word}])`;
  return readGroups(context, sql`${beyond} and ${having} order by id ${order} limit ${rowsMax}`);
}

export async function selectSynonym(context: Context, id: string): Promise<SynonymWire | undefined> {
  const [group] = await readGroups(context, sql`id = ${id}`);
  return group;
}

/** All of them, as the primary knows them now: the limit is far above what there can be. */
export async function selectAllSynonyms(context: Context): Promise<SynonymWire[]> {
  return readGroups(context, sql`true order by id limit ${2 * synonymLimits.groupsMax}`);
}

async function readGroups(context: Context, which: SQL): Promise<SynonymWire[]> {
  const { rows } = await context.databases.primary.execute(sql`
    select id, input, words, version, extract(epoch from updated_at) * 1000 as updated_ms
    from search_synonyms where ${which}`);
  return z.array(Row).parse(rows);
}

/** Raises when there are as many as there may be. */
export function insertSynonym(context: Context, { id, input, words, updated_at }: SynonymWire) {
  return context.databases.primary.execute(sql`
    with added as (
      insert into search_synonyms (id, input, words, created_at, updated_at)
      select ${id}, ${input}, ${listOf(words)}, ${updated_at}::timestamptz, ${updated_at}::timestamptz
      where (select count(*) from search_synonyms) < ${synonymLimits.groupsMax}
      returning 1)
    select expect_rows((select count(*) from added), 1)`);
}

/** Raises unless the group is still as it was read. */
export function updateSynonym(context: Context, group: SynonymWire, versionRead: number) {
  return context.databases.primary.execute(sql`
    with changed as (
      update search_synonyms set input = ${group.input}, words = ${listOf(group.words)},
        version = ${group.version}, updated_at = ${group.updated_at}::timestamptz
      where id = ${group.id} and version = ${versionRead}
      returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Raises unless the group is still as it was read. */
export function deleteSynonym(context: Context, { id, version }: { id: string; version: number }) {
  return context.databases.primary.execute(sql`
    with deleted as (delete from search_synonyms where id = ${id} and version = ${version} returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}

function listOf(words: readonly string[]): SQL {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(words)}::jsonb))`;
}
