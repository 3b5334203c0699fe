import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { SignInMethod } from "#core/principal";
import { provePassword } from "#features/auth/prove-password";
import { renewSessionProof } from "#features/auth/renew-proof";
import type { RenewedAccess } from "#features/auth/schema";
import { signedInUser } from "#features/auth/signed-in-user";
import { hasSecondFactor, proveSecondFactor } from "#features/mfa/prove-second-factor";
import { passkeyRefused } from "#features/passkeys/challenges";
import { provePasskey } from "#features/passkeys/prove-passkey";
import { limitFailures } from "#platform/attempts";
import type { Context } from "#platform/context";
import { stepUpLimit } from "./rules.ts";
import type { StepUpProof } from "./schema.ts";

/**
 * Takes a fresh proof that whoever holds the session is its owner, and gives an access token for dangerous acts.
 * @throws AppError unauthenticated, invalid_credentials, passkey_refused, mfa_required, rate_limited, invalid_token.
 */
export async function stepUp(context: Context, proof: StepUpProof): Promise<RenewedAccess> {
  const { userId } = signedInUser(context);
  return renewSessionProof(context, [await methodProvenBy(context, userId, proof)]);
}

async function methodProvenBy(
  context: Context,
  userId: Id<"user">,
  proof: StepUpProof,
): Promise<SignInMethod> {
  if ("passkey" in proof) {
    if ((await provePasskey(context, proof.passkey)) === userId) return "passkey";
    throw passkeyRefused();
  }
  if (!("password" in proof)) return proveSecondFactor(context, userId, proof);
  if (await hasSecondFactor(context, userId))
    throw new AppError("mfa_required", {
      detail: "The password alone is not enough for this account: send a code of the authenticator app.",
      members: { methods: ["totp", "recovery_code"] },
    });
  return limitFailures(context, { policy: stepUpLimit, subject: userId }, async (): Promise<SignInMethod> => {
    if (await provePassword(context, userId, proof.password)) return "pwd";
    throw new AppError("invalid_credentials", {
      detail: "This is not the account's password. An account without one signs in anew instead.",
    });
  });
}
