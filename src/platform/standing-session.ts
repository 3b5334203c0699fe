import { sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "./context.ts";

/**
 * Whether the session still stands, for an access token is good for minutes after its session has ended. One look at
 * the primary: asked where an account is changed, and where a connection stays open. Carts and
 * prices are not worth it.
 * @param session sessionVersion: the account's when the access token was signed; it is raised to end them all.
 */
export async function sessionStands(
  context: Context,
  { sessionId, sessionVersion }: { sessionId: Id<"session">; sessionVersion?: number },
): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(sql`
    select 1 from sessions join users on users.id = sessions.user_id
    where sessions.id = ${sessionId} and sessions.revoked_at is null and sessions.expires_at > now()
      and users.session_version = coalesce(${sessionVersion ?? null}::int, users.session_version)`);
  return rows.length > 0;
}
