import type { Context } from "#platform/context";
import { sessionAnswer } from "./open-session.ts";
import { hashOf, readRefreshToken, refusedRefresh, successorOf } from "./refresh-tokens.ts";
import type { SignedIn } from "./schema.ts";
import { revokeSession, rotateSession } from "./store.ts";

/**
 * Changes a refresh token for its successor and a new access token. A token of ours that is neither current nor just
 * rotated has been used twice, by the client or by a thief: nobody knows which, so the session ends.
 * @throws AppError invalid_token.
 */
export async function refreshSession(context: Context, refreshToken: string): Promise<SignedIn> {
  const presented = await readRefreshToken(context.settings, refreshToken);
  const successor = await successorOf(context.settings, presented);
  const rotated = await rotateSession(context, {
    sessionId: presented.sessionId,
    presentedHash: await hashOf(presented),
    successorHash: await hashOf(successor),
  });
  if (rotated !== undefined)
    return sessionAnswer(context, rotated.user, { token: successor, proof: rotated.proof });
  const ended = await revokeSession(context, presented.sessionId);
  if (ended !== undefined)
    context.log("warn", "a refresh token was used twice; its session ended", { user_id: ended.userId });
  throw refusedRefresh();
}
