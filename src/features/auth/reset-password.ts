import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { hashPassword } from "#platform/passwords";
import { burnMailTokens, openMailToken, refusedMailToken, useMailToken } from "./mail-tokens.ts";
import { keepPaceOfNetwork } from "./pace.ts";
import { refuseWeakPassword } from "./password-rules.ts";
import { accountPaces } from "./rules.ts";
import type { PasswordReset } from "./schema.ts";
import {
  dropUnprovenSignIns,
  raiseSessionVersion,
  revokeSessions,
  setPasswordHash,
  setVerifiedEmail,
} from "./store.ts";

/**
 * Chooses a new password with the token from the mail. Every session ends, for nobody knows who had the old password;
 * the mail has proven the address too. Where it was not proven before, whatever else signs in goes: somebody may have
 * made the account under another's address and waited for the owner.
 * @throws AppError mail_token_refused, invalid_request for a weak password, which leaves the token good.
 */
export async function resetPassword(
  context: Context,
  { reset, network }: { reset: PasswordReset; network: string },
): Promise<void> {
  await keepPaceOfNetwork(context, accountPaces.mailTokenByAddress, network);
  const { token, user } = await openMailToken(context, reset.token, ["reset_password"]);
  if (token.email.toLowerCase() !== user.email.toLowerCase()) throw refusedMailToken();
  refuseWeakPassword(reset.password, user.email);
  const { id } = user;
  const passwordHash = await hashPassword(context, reset.password);
  try {
    await transact(context.databases.primary, [
      useMailToken(context, token),
      burnMailTokens(context, id, { purposes: ["verify_email", "change_email", "reset_password"] }),
      setPasswordHash(context, { id, passwordHash }),
      ...(user.emailVerifiedAt === null ? [dropUnprovenSignIns(context, id)] : []),
      setVerifiedEmail(context, { id, formerEmail: user.email, email: user.email }),
      raiseSessionVersion(context, id),
      revokeSessions(context, { userId: id }),
      insertEvents(context, [
        { type: "user.password_changed", subject: id, data: { user_id: id } },
        { type: "user.sessions_ended", subject: id, data: { user_id: id } },
        ...(user.emailVerifiedAt === null
          ? [{ type: "user.email_verified" as const, subject: id, data: { user_id: id } }]
          : []),
      ]),
    ]);
  } catch (error) {
    if (lostRace(error)) throw refusedMailToken();
    throw error;
  }
  context.wakeOutbox();
}
