import { newId } from "#core/ids";
import { accessTokenSeconds, signAccessToken } from "#platform/access-tokens";
import type { Context } from "#platform/context";
import { type RefreshToken, hashOf, newRefreshToken, writeRefreshToken } from "./refresh-tokens.ts";
import type { SignedIn, User } from "./schema.ts";
import { type NewSession, insertSession } from "./store.ts";
import type { UserRow } from "./tables.ts";

const userAgentCharactersMax = 200;

/** A new session of this user: the statement that stores it, and the token that only the client will know. */
export async function openSession(context: Context, userId: UserRow["id"], userAgent: string | undefined) {
  const token = newRefreshToken(newId("session", context.now()));
  const session: NewSession = {
    id: token.sessionId,
    userId,
    refreshHash: await hashOf(token),
    userAgent: userAgent?.slice(0, userAgentCharactersMax) ?? null,
  };
  return { token, statement: insertSession(context, session) };
}

/** What a client gets that has signed in or refreshed. */
export async function signedIn(context: Context, user: UserRow, token: RefreshToken): Promise<SignedIn> {
  const grant = {
    userId: user.id,
    sessionId: token.sessionId,
    role: user.role,
    sessionVersion: user.sessionVersion,
  };
  return {
    user: userOnTheWire(user),
    access_token: await signAccessToken(context.settings, grant, context.now()),
    token_type: "Bearer",
    expires_in: accessTokenSeconds,
    refresh_token: await writeRefreshToken(context.settings, token),
  };
}

export function userOnTheWire(user: UserRow): User {
  const { id, email, name, role, emailVerifiedAt } = user;
  return { id, email, name, role, email_verified: emailVerifiedAt !== null };
}
