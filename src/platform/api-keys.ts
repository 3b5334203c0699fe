import { sql } from "drizzle-orm";
import { z } from "zod";
import { isWellFormedApiKey } from "#core/api-key-text";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { idSchema } from "#core/ids";
import { knownPermissions } from "#core/permissions";
import type { Principal } from "#core/principal";
import type { Context } from "./context.ts";

const KeyRow = z.object({ id: idSchema("apiKey"), permissions: z.array(z.string()) });

/**
 * The principal that a key speaks for. The primary is asked each time and nothing is remembered, so that a revoked key
 * is dead at once; its last use is noted by the same statement, once a minute at most.
 * @throws AppError invalid_token.
 */
export async function verifyApiKey(context: Context, key: string): Promise<Principal> {
  if (!isWellFormedApiKey(key))
    throw new AppError("invalid_token", { detail: "This is no API key; look for a typing error." });
  const hash = await sha256Hex(key);
  const { rows } = await context.databases.primary.execute(sql`
    with used as (
      update api_keys set last_used_at = now() where id = (
        select id from api_keys
        where hash = ${hash} and coalesce(last_used_at, '-infinity') < now() - interval '1 minute'
        for update skip locked))
    select id, to_jsonb(permissions) as permissions from api_keys
    where hash = ${hash} and revoked_at is null and coalesce(expires_at, 'infinity') > now()`);
  const [row] = z.array(KeyRow).parse(rows);
  if (row === undefined)
    throw new AppError("invalid_token", { detail: "This API key is unknown, revoked or expired." });
  return { kind: "api_key", keyId: row.id, permissions: knownPermissions(row.permissions) };
}
