import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { newRecoveryCodes } from "./recovery-codes.ts";
import type { RecoveryCodes } from "./schema.ts";
import { deleteRecoveryCodes, expectConfirmed, insertRecoveryCodes } from "./store.ts";

/** Puts new recovery codes in the place of all old ones. @throws AppError not_found without an authenticator app. */
export async function renewRecoveryCodes(context: Context): Promise<RecoveryCodes> {
  const { userId } = signedInUser(context);
  const { codes, hashes } = await newRecoveryCodes(userId);
  const change = { user_id: userId, change: "recovery_codes_renewed" } as const;
  try {
    await transact(context.databases.primary, [
      expectConfirmed(context, userId),
      deleteRecoveryCodes(context, userId),
      insertRecoveryCodes(context, userId, hashes),
      insertEvents(context, [{ type: "user.sign_in_changed", subject: userId, data: change }]),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("not_found", { detail: "This account has no authenticator app to recover from." });
  }
  context.wakeOutbox();
  return { recovery_codes: codes };
}
