import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { deleteAuthenticator, deleteRecoveryCodes } from "./store.ts";

/** Turns the second factor off. @throws AppError not_found when there is none. */
export async function removeAuthenticator(context: Context): Promise<void> {
  const { userId } = signedInUser(context);
  try {
    await transact(context.databases.primary, [
      deleteAuthenticator(context, userId),
      deleteRecoveryCodes(context, userId),
      insertEvents(context, [
        { type: "user.sign_in_changed", subject: userId, data: { user_id: userId, change: "mfa_disabled" } },
      ]),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("not_found", { detail: "This account has no authenticator app." });
  }
  context.wakeOutbox();
}
