import { AppError } from "#core/errors";
import { limitFailures } from "#platform/attempts";
import type { Context } from "#platform/context";
import { verifyPassword } from "#platform/passwords";
import { accountPaces } from "./rules.ts";
import type { UserRow } from "./tables.ts";

/**
 * Makes sure that whoever holds the session also knows the password: a borrowed device must not take the account.
 * @throws AppError invalid_credentials, rate_limited.
 */
export function proveCurrentPassword(context: Context, user: UserRow, password: string): Promise<void> {
  return limitFailures(context, { policy: accountPaces.passwordByUser, subject: user.id }, async () => {
    if (await verifyPassword(context, password, user.passwordHash)) return;
    throw new AppError("invalid_credentials", {
      detail: "The current password is wrong. If there is none, choose one by POST /auth/password/forgot.",
    });
  });
}
