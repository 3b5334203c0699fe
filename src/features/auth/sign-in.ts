import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { type SessionRequest, openSession, signedIn } from "./open-session.ts";
import type { SignedIn } from "./schema.ts";
import { storeSession } from "./store-session.ts";
import { findUser } from "./store.ts";

/**
 * Opens a session for a user whose proof was checked by the caller.
 * @param request sessionVersion: the user's when the proof began; a change since then, as of the password, voids it.
 * @throws AppError invalid_token when the account has gone or its sessions were ended meanwhile.
 */
export async function signIn(
  context: Context,
  request: SessionRequest & { sessionVersion?: number | undefined },
): Promise<SignedIn> {
  const user = await findUser(context, request.userId);
  if (user === undefined || user.sessionVersion !== (request.sessionVersion ?? user.sessionVersion))
    throw new AppError("invalid_token", {
      detail: "The account has changed meanwhile. Begin the sign-in again.",
    });
  const session = await openSession(context, request);
  await storeSession(context, { userId: user.id, session: session.statement });
  return signedIn(context, user, session);
}
