import { newId } from "#core/ids";
import { adoptGuestAtSignIn } from "#features/cart/adopt-guest";
import type { Proof, SignInMethod } from "#core/principal";
import type { EpochMs } from "#core/time";
import { accessTokenSeconds, signAccessToken } from "#platform/access-tokens";
import type { Context } from "#platform/context";
import { type RefreshToken, hashOf, newRefreshToken, writeRefreshToken } from "./refresh-tokens.ts";
import { networkPrefixOf } from "./devices.ts";
import type { SignedIn, User } from "./schema.ts";
import { type NewSession, insertSession } from "./store.ts";
import type { UserRow } from "./tables.ts";

const userAgentCharactersMax = 200;

export type SessionRequest = {
  userId: UserRow["id"];
  methods: readonly SignInMethod[];
  userAgent: string | undefined;
  /** When the owner proved it, if that was not just now. */
  authenticatedAt?: EpochMs | undefined;
};

/** A session that is not stored yet: the token that only the client will know, and how its owner was proven. */
export type OpenedSession = { token: RefreshToken; proof: Proof };

/** A new session of this user, and the statement that stores it. */
export async function openSession(context: Context, request: SessionRequest) {
  const { userId, methods, userAgent, authenticatedAt = context.now() } = request;
  const proof: Proof = { authenticatedAt, methods };
  const token = newRefreshToken(newId("session", context.now()));
  const session: NewSession = {
    id: token.sessionId,
    userId,
    refreshHash: await hashOf(token),
    userAgent: userAgent?.slice(0, userAgentCharactersMax) ?? null,
    network: context.clientAddress === undefined ? null : networkPrefixOf(context.clientAddress),
    ...proof,
  };
  return { token, proof, statement: insertSession(context, session) };
}

/** What a client gets that has just signed in, however it did; what it left as a guest becomes the account's. */
export async function signedIn(context: Context, user: UserRow, session: OpenedSession): Promise<SignedIn> {
  const verifiedEmail = user.emailVerifiedAt === null ? undefined : user.email;
  await adoptGuestAtSignIn(context, { id: user.id, verifiedEmail });
  return sessionAnswer(context, user, session);
}

/** What a client gets that is signed in. */
export async function sessionAnswer(
  context: Context,
  user: UserRow,
  session: OpenedSession,
): Promise<SignedIn> {
  const { token, proof } = session;
  return {
    user: userOnTheWire(user),
    access_token: await accessTokenOf(context, user, { sessionId: token.sessionId, proof }),
    token_type: "Bearer",
    expires_in: accessTokenSeconds,
    refresh_token: await writeRefreshToken(context.settings, token),
  };
}

/** An access token of this session, as its owner has proven it. */
export function accessTokenOf(
  context: Context,
  user: UserRow,
  { sessionId, proof }: { sessionId: RefreshToken["sessionId"]; proof: Proof },
): Promise<string> {
  const { id: userId, role, sessionVersion } = user;
  return signAccessToken(
    context.settings,
    { userId, sessionId, role, sessionVersion, ...proof },
    context.now(),
  );
}

export function userOnTheWire(user: UserRow): User {
  const { id, email, name, role, emailVerifiedAt } = user;
  return { id, email, name, role, email_verified: emailVerifiedAt !== null };
}
