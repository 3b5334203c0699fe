import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import { insertEvents } from "#events/record";
import { expectSomeWayIn, holdAccount } from "#features/auth/sign-in-ways";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { passkeyOnTheWire } from "./list-passkeys.ts";
import type { Passkey } from "./schema.ts";
import { deletePasskey, findPasskeysOf, renameInStore } from "./store.ts";

/** @throws AppError not_found. */
export async function renamePasskey(
  context: Context,
  { id, name }: { id: string; name: string },
): Promise<Passkey> {
  const { userId } = signedInUser(context);
  const row = await renameInStore(context, { userId, id: passkeyIdOf(id) }, name);
  if (row === undefined) throw noSuchPasskey();
  return passkeyOnTheWire(row);
}

/** @throws AppError not_found; last_sign_in_method when nothing else would open the account. */
export async function removePasskey(context: Context, asked: string): Promise<void> {
  const { userId } = signedInUser(context);
  const id = passkeyIdOf(asked);
  const own = await findPasskeysOf(context, userId);
  if (!own.some((passkey) => passkey.id === id)) throw noSuchPasskey();
  const data = { user_id: userId, change: "passkey_removed" } as const;
  try {
    await transact(context.databases.primary, [
      holdAccount(context, userId),
      deletePasskey(context, { userId, id }),
      expectSomeWayIn(context, userId),
      insertEvents(context, [{ type: "user.sign_in_changed", subject: userId, data }]),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("last_sign_in_method", {
      detail: "Nothing else would open your account. Set a password, add a passkey or link a provider first.",
    });
  }
  context.wakeOutbox();
}

function passkeyIdOf(text: string): Id<"passkey"> {
  const id = idSchema("passkey").safeParse(text);
  if (!id.success) throw noSuchPasskey();
  return id.data;
}

function noSuchPasskey(): AppError {
  return new AppError("not_found", { detail: "Your account has no such passkey." });
}
