import { sql } from "drizzle-orm";
import { z } from "zod";
import { type Permission, knownPermissions } from "#core/permissions";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import type { ApiKeyWire } from "./schema.ts";

const timestamp = z.coerce.date().transform((date) => toTimestamp(epochMs(date.getTime())));

const KeyRow = z.object({
  id: z.string(),
  name: z.string(),
  hint: z.string(),
  permissions: z.array(z.string()).transform((names): Permission[] => [...knownPermissions(names)]),
  created_by: z.string(),
  maker_standing: z.enum(["active", "suspended", "left"]),
  created_at: timestamp,
  expires_at: timestamp.nullable(),
  revoked_at: timestamp.nullable(),
  replaced_by: z.string().nullable(),
  last_used_at: timestamp.nullable(),
});

const columns = sql`id, name, hint, to_jsonb(permissions) as permissions, created_by, created_at, expires_at,
  coalesce((select case when suspended_at is null then 'active' else 'suspended' end
    from staff_members where user_id = created_by), 'left') as maker_standing,
  revoked_at, replaced_by, last_used_at`;

/** Keys by id, dead ones too, from a place on. */
export async function selectKeys(
  context: Context,
  { direction, from, rowsMax }: Travel,
): Promise<ApiKeyWire[]> {
  const [comparison, order] = direction === "after" ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`];
  const [id] = from ?? [];
  const beyond = id === undefined ? sql`true` : sql`id ${comparison} ${id}`;
  const { rows } = await context.databases.primary.execute(
    sql`select ${columns} from api_keys where ${beyond} order by id ${order} limit ${rowsMax}`,
  );
  return z.array(KeyRow).parse(rows);
}

export async function selectKey(context: Context, id: string): Promise<ApiKeyWire | undefined> {
  const { rows } = await context.databases.primary.execute(
    sql`select ${columns} from api_keys where id = ${id}`,
  );
  return z.array(KeyRow).parse(rows)[0];
}

/**
 * Raises unless its maker is of the staff at this moment: the lock makes it wait for a dismissal at the same time, which
 * revokes the key with the others, or lets it come into being no more.
 */
export function insertKey(context: Context, key: ApiKeyWire, hash: string) {
  const permissions = JSON.stringify(key.permissions);
  return context.databases.primary.execute(sql`
    with maker as (select id from users where id = ${key.created_by} and role <> 'customer' for share),
    inserted as (
      insert into api_keys (id, name, hash, hint, permissions, created_by, created_at, expires_at)
      select ${key.id}, ${key.name}, ${hash}, ${key.hint},
        array(select jsonb_array_elements_text(${permissions}::jsonb)), maker.id, ${key.created_at}::timestamptz,
        ${key.expires_at}::timestamptz
      from maker
      returning 1)
    select expect_rows((select count(*) from inserted), 1)`);
}

/** Raises unless the key still is good and nobody else has replaced it. */
export function retireKey(
  context: Context,
  id: string,
  by: { replacementId: string; overlapSeconds: number },
) {
  return context.databases.primary.execute(sql`
    with retired as (
      update api_keys set replaced_by = ${by.replacementId},
        expires_at = least(coalesce(expires_at, 'infinity'),
          now() + make_interval(secs => ${by.overlapSeconds}))
      where id = ${id} and replaced_by is null and revoked_at is null
        and coalesce(expires_at, 'infinity') > now()
      returning 1)
    select expect_rows((select count(*) from retired), 1)`);
}

/** @returns false when there is no such key; one that is revoked already stays as it is. */
export async function revokeKey(context: Context, id: string): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(
    sql`update api_keys set revoked_at = coalesce(revoked_at, now()) where id = ${id} returning id`,
  );
  return rows.length === 1;
}
