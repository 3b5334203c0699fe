import { AppError } from "#core/errors";
import { demandSecondFactor } from "#features/mfa/pending-sign-in";
import type { Context } from "#platform/context";
import { hashPassword, needsRehash, verifyPassword } from "#platform/passwords";
import { admitGuess } from "./guess-guard.ts";
import { openSession, signedIn } from "./open-session.ts";
import type { Credentials, SignedIn } from "./schema.ts";
import { storeSession } from "./store-session.ts";
import { findUserByEmail, renewPasswordHash } from "./store.ts";
import type { UserRow } from "./tables.ts";

type LoginInput = { credentials: Credentials; userAgent: string | undefined; network: string };

/**
 * Opens a session. An unknown e-mail takes as long and reads the same as a wrong password.
 * @throws AppError rate_limited while guesses are held off; invalid_credentials; mfa_required, with what to go on with; account_disabled.
 */
export async function logIn(
  context: Context,
  { credentials, userAgent, network }: LoginInput,
): Promise<SignedIn> {
  const guess = await admitGuess(context, { email: credentials.email, network });
  const user = await findUserByEmail(context, credentials.email);
  const proven = await verifyPassword(context, credentials.password, user?.passwordHash);
  if (user === undefined || !proven)
    throw new AppError("invalid_credentials", {
      detail: "Check both, or make an account at POST /auth/register.",
    });
  context.afterResponse(guess.wasRight());
  return signInByPassword(context, user, { password: credentials.password, userAgent });
}

/**
 * Signs in whoever has just proven the password.
 * @throws AppError mfa_required, with what to go on with; account_disabled.
 */
export async function signInByPassword(
  context: Context,
  user: UserRow,
  { password, userAgent }: { password: string; userAgent: string | undefined },
): Promise<SignedIn> {
  const { id: userId, sessionVersion } = user;
  await demandSecondFactor(context, { userId, sessionVersion, methods: ["pwd"] });
  const session = await openSession(context, { userId, methods: ["pwd"], userAgent });
  const beforehand = await renewedHash(context, user, password);
  await storeSession(context, { userId, session: session.statement, beforehand });
  return signedIn(context, user, session);
}

/** The statement that keeps the password under today's parameters, if its hash was made with others. */
async function renewedHash(context: Context, user: UserRow, password: string) {
  const oldHash = user.passwordHash;
  if (oldHash === null || !needsRehash(context.settings, oldHash)) return [];
  const newHash = await hashPassword(context, password);
  return [renewPasswordHash(context, { id: user.id, oldHash, newHash })];
}
