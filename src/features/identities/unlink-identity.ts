import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import { expectSomeWayIn, holdAccount } from "#features/auth/sign-in-ways";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { deleteIdentity, findIdentitiesOf } from "./store.ts";

/** @throws AppError not_found; last_sign_in_method when nothing else would open the account. */
export async function unlinkIdentity(context: Context, provider: string): Promise<void> {
  const { userId } = signedInUser(context);
  const linked = await findIdentitiesOf(context, userId);
  if (!linked.some((identity) => identity.provider === provider))
    throw new AppError("not_found", { detail: `No ${provider} account is linked to yours.` });
  const data = { user_id: userId, change: "identity_unlinked", provider } as const;
  try {
    await transact(context.databases.primary, [
      holdAccount(context, userId),
      deleteIdentity(context, userId, provider),
      expectSomeWayIn(context, userId),
      insertEvents(context, [{ type: "user.sign_in_changed", subject: userId, data }]),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("last_sign_in_method", {
      detail:
        "Nothing else would open your account. Set a password, add a passkey or link another provider first.",
    });
  }
  context.wakeOutbox();
}
