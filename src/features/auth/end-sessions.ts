import type { BatchItem } from "drizzle-orm/batch";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { requireAccount } from "./require-account.ts";
import { raiseSessionVersion, revokeOwnSession, revokeSessions } from "./store.ts";

/**
 * Ends one session of the account that is signed in.
 * @throws AppError not_found when it is somebody else's, or has ended already.
 */
export async function endSession(context: Context, sessionId: Id<"session">): Promise<void> {
  const { id: userId } = await requireAccount(context);
  const [[ended]] = await transact(context.databases.primary, [
    revokeOwnSession(context, { userId, sessionId }),
    sessionsEnded(context, userId),
  ]);
  if (ended === undefined)
    throw new AppError("not_found", { detail: "GET /auth/sessions lists the sessions that stand." });
  context.wakeOutbox();
}

/** Ends the account's sessions: all but the asking one, or that one too, and every access token with them. */
export async function endSessions(context: Context, which: "others" | "all"): Promise<void> {
  const { id: userId } = await requireAccount(context);
  if (context.principal.kind !== "user") throw new AppError("unauthenticated");
  const { sessionId } = context.principal;
  await transact(
    context.databases.primary,
    which === "all"
      ? endEverySession(context, userId)
      : [revokeSessions(context, { userId, except: sessionId }), sessionsEnded(context, userId)],
  );
  context.wakeOutbox();
}

/** The same for another's account, all of them: the caller has seen to it that this is allowed. */
export async function endAllSessionsOf(context: Context, userId: Id<"user">): Promise<void> {
  await transact(context.databases.primary, endEverySession(context, userId));
  context.wakeOutbox();
}

/** The statements that end all of an account's sessions, with every access token of theirs. */
export function endEverySession(
  context: Context,
  userId: Id<"user">,
): [BatchItem<"pg">, ...BatchItem<"pg">[]] {
  return [
    revokeSessions(context, { userId }),
    sessionsEnded(context, userId),
    raiseSessionVersion(context, userId),
  ];
}

/** Wakes whoever holds something open for sessions that have ended. */
function sessionsEnded(context: Context, userId: Id<"user">) {
  return insertEvents(context, [{ type: "user.sessions_ended", subject: userId, data: { user_id: userId } }]);
}
