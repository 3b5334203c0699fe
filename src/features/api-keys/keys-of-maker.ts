import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { z } from "zod";
import { actorOf } from "#core/principal";
import { toTimestamp } from "#core/time";
import { auditStatement } from "#platform/audit-log";
import type { Context } from "#platform/context";

export type LivingKey = { readonly id: string; readonly name: string };

/** Keys that somebody made and that are good: whoever made a key has seen it. */
export async function livingKeysOf(context: Context, makerId: string): Promise<LivingKey[]> {
  const { rows } = await context.databases.primary.execute(sql`
    select id, name from api_keys
    where created_by = ${makerId} and revoked_at is null and coalesce(expires_at, 'infinity') > now()
    order by id`);
  return z.array(z.object({ id: z.string(), name: z.string() })).parse(rows);
}

/** The statements that revoke all keys that somebody made, and write it into the audit log for those that are known. */
export function revokeKeysOf(
  context: Context,
  makerId: string,
  known: readonly LivingKey[],
): BatchItem<"pg">[] {
  return [
    context.databases.primary.execute(
      sql`update api_keys set revoked_at = now() where created_by = ${makerId} and revoked_at is null`,
    ),
    ...known.map(({ id }) =>
      auditStatement(context, {
        kind: "act",
        at: toTimestamp(context.now()),
        request_id: context.requestId,
        actor: actorOf(context.principal),
        action: "DELETE /admin/api-keys/:id",
        subject: { id, dismissed: makerId },
      }),
    ),
  ];
}
