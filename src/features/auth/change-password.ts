import { AppError } from "#core/errors";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { hashPassword } from "#platform/passwords";
import { burnMailTokens } from "./mail-tokens.ts";
import { refuseWeakPassword } from "./password-rules.ts";
import { proveCurrentPassword } from "./prove-current-password.ts";
import { requireAccount } from "./require-account.ts";
import type { PasswordChange } from "./schema.ts";
import { replacePasswordHash, revokeSessions } from "./store.ts";

/**
 * Changes the password of somebody who is signed in and knows the current one. This session stays, all others end.
 * @throws AppError invalid_credentials, invalid_request for a weak password, conflict when two changes meet.
 */
export async function changePassword(context: Context, change: PasswordChange): Promise<void> {
  const user = await requireAccount(context);
  const { id, passwordHash: oldHash } = user;
  await proveCurrentPassword(context, user, change.current_password);
  if (context.principal.kind !== "user" || oldHash === null) throw new AppError("unauthenticated");
  refuseWeakPassword(change.password, user.email);
  const newHash = await hashPassword(context, change.password);
  await transact(context.databases.primary, [
    replacePasswordHash(context, { id, oldHash, newHash }),
    burnMailTokens(context, id, { purposes: ["reset_password", "change_email"] }),
    revokeSessions(context, { userId: id, except: context.principal.sessionId }),
    insertEvents(context, [
      { type: "user.password_changed", subject: id, data: { user_id: id } },
      { type: "user.sessions_ended", subject: id, data: { user_id: id } },
    ]),
  ]);
  context.wakeOutbox();
}
