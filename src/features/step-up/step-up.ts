import { AppError } from "#core/errors";
import type { SignInMethod } from "#core/principal";
import { provePassword } from "#features/auth/prove-password";
import { renewSessionProof } from "#features/auth/renew-proof";
import type { RenewedAccess } from "#features/auth/schema";
import { limitFailures } from "#platform/attempts";
import type { Context } from "#platform/context";
import { stepUpLimit } from "./rules.ts";
import type { StepUpProof } from "./schema.ts";

/**
 * Takes a fresh proof that whoever holds the session is its owner, and gives an access token for dangerous acts.
 * @throws AppError unauthenticated, invalid_credentials, rate_limited, invalid_token.
 */
export async function stepUp(context: Context, proof: StepUpProof): Promise<RenewedAccess> {
  const { principal } = context;
  if (principal.kind !== "user") throw new AppError("unauthenticated");
  const { userId } = principal;
  const methods = await limitFailures(context, { policy: stepUpLimit, subject: userId }, () =>
    methodsProvenBy(context, userId, proof),
  );
  return renewSessionProof(context, methods);
}

async function methodsProvenBy(
  context: Context,
  userId: Parameters<typeof provePassword>[1],
  { password }: StepUpProof,
): Promise<SignInMethod[]> {
  if (await provePassword(context, userId, password)) return ["pwd"];
  throw new AppError("invalid_credentials", {
    detail: "This is not the account's password. An account without one signs in anew instead.",
  });
}
