import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { burnMailTokens, newMailToken } from "./mail-tokens.ts";
import { keepPace } from "./pace.ts";
import { proveCurrentPassword } from "./prove-current-password.ts";
import { requireAccount } from "./require-account.ts";
import { accountPaces } from "./rules.ts";
import type { EmailChange } from "./schema.ts";
import { findUserByEmail } from "./store.ts";

/**
 * Begins a change of address: the new one is mailed a token, and takes effect when that comes back to
 * POST /auth/email/verify. The present address is told at once, and again when it is replaced.
 * @throws AppError invalid_credentials, email_taken, rate_limited.
 */
export async function changeEmail(context: Context, change: EmailChange): Promise<void> {
  const user = await requireAccount(context);
  await proveCurrentPassword(context, user, change.current_password);
  await keepPace(context, accountPaces.emailChangeByUser, user.id);
  const owner = await findUserByEmail(context, change.email);
  if (owner !== undefined)
    throw new AppError("email_taken", {
      detail: owner.id === user.id ? "This is the account's address already." : "Use another address.",
    });
  const token = await newMailToken(context, "change_email", { userId: user.id, email: change.email });
  await transact(context.databases.primary, [
    burnMailTokens(context, user.id, { purposes: ["change_email"] }),
    token.statement,
    insertEvents(context, [
      { type: "mail_token.issued", subject: user.id, data: { mail_token_id: token.id } },
    ]),
  ]);
  context.wakeOutbox();
}
