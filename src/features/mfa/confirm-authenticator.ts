import { AppError } from "#core/errors";
import { secondMs } from "#core/time";
import { insertEvents } from "#events/record";
import { signedInUser } from "#features/auth/signed-in-user";
import { limitFailures } from "#platform/attempts";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { secretOf } from "./enrol-authenticator.ts";
import { wrongCode } from "./prove-second-factor.ts";
import { newRecoveryCodes } from "./recovery-codes.ts";
import { codeLimit, stepOfCode } from "./rules.ts";
import type { RecoveryCodes } from "./schema.ts";
import {
  confirmAuthenticator,
  deleteRecoveryCodes,
  findAuthenticator,
  insertRecoveryCodes,
} from "./store.ts";

/**
 * Turns the second factor on, once a code shows that the app has the secret.
 * @throws AppError not_found when no secret waits, invalid_credentials, mfa_enabled, rate_limited.
 */
export async function confirmEnrolment(context: Context, code: string): Promise<RecoveryCodes> {
  const { userId } = signedInUser(context);
  const waiting = await findAuthenticator(context, userId);
  if (waiting === undefined)
    throw new AppError("not_found", { detail: "Ask for a secret first: POST /auth/mfa/totp." });
  if (waiting.confirmedAt !== null)
    throw new AppError("mfa_enabled", { detail: "The authenticator app is confirmed already." });
  const step = await limitFailures(context, { policy: codeLimit, subject: userId }, async () => {
    const found = await stepOfCode(await secretOf(context, waiting), code, context.now() / secondMs);
    if (found === undefined) throw wrongCode();
    return found;
  });
  const { codes, hashes } = await newRecoveryCodes(userId);
  await transact(context.databases.primary, [
    confirmAuthenticator(context, waiting, step),
    deleteRecoveryCodes(context, userId),
    insertRecoveryCodes(context, userId, hashes),
    insertEvents(context, [
      { type: "user.sign_in_changed", subject: userId, data: { user_id: userId, change: "mfa_enabled" } },
    ]),
  ]);
  context.wakeOutbox();
  return { recovery_codes: codes };
}
