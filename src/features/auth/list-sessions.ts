import { and, desc, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { deviceOf } from "./devices.ts";
import { requireAccount } from "./require-account.ts";
import type { SessionList } from "./schema.ts";
import { sessions } from "./tables.ts";

/** The account's sessions that stand, the one used last first. There are never more than the limit. */
export async function listSessions(context: Context): Promise<SessionList> {
  const user = await requireAccount(context);
  const rows = await context.databases.primary
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, user.id), isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`)))
    .orderBy(desc(sessions.rotatedAt), desc(sessions.id));
  const current = context.principal.kind === "user" ? context.principal.sessionId : undefined;
  const timestamp = (date: Date) => toTimestamp(epochMs(date.getTime()));
  return {
    data: rows.map((row) => ({
      id: row.id,
      device: deviceOf(row.userAgent),
      user_agent: row.userAgent,
      network: row.network,
      created_at: timestamp(row.createdAt),
      last_used_at: timestamp(row.rotatedAt),
      expires_at: timestamp(row.expiresAt),
      current: row.id === current,
    })),
  };
}

/** Sessions of this user that ended within the last day before their time: whatever they hold open is to be closed. */
export async function listEndedSessions(context: Context, userId: Id<"user">): Promise<Id<"session">[]> {
  const rows = await context.databases.primary
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        isNotNull(sessions.revokedAt),
        gt(sessions.revokedAt, sql`now() - interval '1 day'`),
      ),
    );
  return rows.map(({ id }) => id);
}
