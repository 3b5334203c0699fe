import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { verifyPassword } from "#platform/passwords";
import { findUser } from "./store.ts";

/** Whether this is the account's password; an account that has none takes as long and answers no. */
export async function provePassword(
  context: Context,
  userId: Id<"user">,
  password: string,
): Promise<boolean> {
  const user = await findUser(context, userId);
  return verifyPassword(context, password, user?.passwordHash);
}
