import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { SignInMethod } from "#core/principal";
import { secondMs } from "#core/time";
import { limitFailures } from "#platform/attempts";
import type { Context } from "#platform/context";
import { secretOf } from "./enrol-authenticator.ts";
import { hashOfRecoveryCode } from "./recovery-codes.ts";
import { codeLimit, stepOfCode } from "./rules.ts";
import type { SecondFactorProof } from "./schema.ts";
import { findAuthenticator, takeRecoveryCode, takeStep } from "./store.ts";

/** Whether this account asks for a second factor after the first. */
export async function hasSecondFactor(context: Context, userId: Id<"user">): Promise<boolean> {
  const authenticator = await findAuthenticator(context, userId);
  return authenticator !== undefined && authenticator.confirmedAt !== null;
}

/**
 * Takes a code of the app or a recovery code; either is good once.
 * @returns the method that it proves.
 * @throws AppError invalid_credentials, rate_limited.
 */
export function proveSecondFactor(
  context: Context,
  userId: Id<"user">,
  proof: SecondFactorProof,
): Promise<SignInMethod> {
  return limitFailures(context, { policy: codeLimit, subject: userId }, async () => {
    if ("code" in proof) {
      if (await takeCode(context, userId, proof.code)) return "otp";
      throw wrongCode();
    }
    const hash = await hashOfRecoveryCode(userId, proof.recovery_code);
    if (await takeRecoveryCode(context, userId, hash)) return "recovery_code";
    throw new AppError("invalid_credentials", { detail: "The recovery code is unknown or was used before." });
  });
}

async function takeCode(context: Context, userId: Id<"user">, code: string): Promise<boolean> {
  const authenticator = await findAuthenticator(context, userId);
  if (authenticator === undefined || authenticator.confirmedAt === null) return false;
  const step = await stepOfCode(await secretOf(context, authenticator), code, context.now() / secondMs);
  return step !== undefined && takeStep(context, authenticator, step);
}

export function wrongCode(): AppError {
  return new AppError("invalid_credentials", {
    detail:
      "The code is wrong, too old, or was used already. Wait for the app's next one, and check its clock.",
  });
}
