import { AppError } from "#core/errors";
import type { SignedIn } from "#features/auth/schema";
import { signIn } from "#features/auth/sign-in";
import type { Context } from "#platform/context";
import { peekOneTime, takeOneTime } from "#platform/one-time";
import { pendingSignIns } from "./pending-sign-in.ts";
import { proveSecondFactor } from "./prove-second-factor.ts";
import type { MfaVerification } from "./schema.ts";

/**
 * Ends a sign-in by its second factor. The token outlives wrong codes, which are counted by account, and dies with the
 * right one.
 * @throws AppError invalid_token, invalid_credentials, rate_limited.
 */
export async function verifySignIn(
  context: Context,
  { verification, userAgent }: { verification: MfaVerification; userAgent: string | undefined },
): Promise<SignedIn> {
  const pending = await peekOneTime(context, pendingSignIns, verification.mfa_token);
  if (pending === undefined) throw pendingIsOver();
  const method = await proveSecondFactor(context, pending.userId, verification);
  if ((await takeOneTime(context, pendingSignIns, verification.mfa_token)) === undefined)
    throw pendingIsOver();
  return signIn(context, { ...pending, methods: [...pending.methods, method], userAgent });
}

function pendingIsOver(): AppError {
  return new AppError("invalid_token", {
    detail: "This sign-in is unknown, over or too old. Begin it again at POST /auth/login.",
  });
}
