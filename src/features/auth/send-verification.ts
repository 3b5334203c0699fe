import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { burnMailTokens, newMailToken } from "./mail-tokens.ts";
import { keepPace } from "./pace.ts";
import { requireAccount } from "./require-account.ts";
import { accountPaces } from "./rules.ts";

/**
 * Mails the account's address a token that proves it, once more; the earlier ones are worthless from then on.
 * @throws AppError email_already_verified, rate_limited.
 */
export async function sendVerification(context: Context): Promise<void> {
  const user = await requireAccount(context);
  if (user.emailVerifiedAt !== null)
    throw new AppError("email_already_verified", { detail: "Nothing is left to do." });
  await keepPace(context, accountPaces.verificationByUser, user.id);
  const token = await newMailToken(context, "verify_email", { userId: user.id, email: user.email });
  await transact(context.databases.primary, [
    burnMailTokens(context, user.id, { purposes: ["verify_email"] }),
    token.statement,
    insertEvents(context, [
      { type: "mail_token.issued", subject: user.id, data: { mail_token_id: token.id } },
    ]),
  ]);
  context.wakeOutbox();
}
