import { AppError } from "#core/errors";
import { type NewEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import {
  type OpenMailToken,
  burnMailTokens,
  openMailToken,
  refusedMailToken,
  useMailToken,
} from "./mail-tokens.ts";
import { userOnTheWire } from "./open-session.ts";
import { keepPaceOfNetwork } from "./pace.ts";
import { accountPaces } from "./rules.ts";
import type { User } from "./schema.ts";
import { setVerifiedEmail } from "./store.ts";
import type { UserRow } from "./tables.ts";

/**
 * Proves an e-mail address by the token that was mailed to it: the account's own, or the one that it is to change to,
 * which takes effect with this.
 * @throws AppError mail_token_refused; email_taken when the new address got another account meanwhile.
 */
export async function verifyEmail(
  context: Context,
  { token: text, network }: { token: string; network: string },
): Promise<User> {
  await keepPaceOfNetwork(context, accountPaces.mailTokenByAddress, network);
  const { token, user } = await openMailToken(context, text, ["verify_email", "change_email"]);
  if (token.purpose === "verify_email" && token.email.toLowerCase() !== user.email.toLowerCase())
    throw refusedMailToken();
  await storeProof(context, user, token);
  context.wakeOutbox();
  return userOnTheWire({ ...user, email: token.email, emailVerifiedAt: new Date(context.now()) });
}

async function storeProof(context: Context, user: UserRow, token: OpenMailToken): Promise<void> {
  const change = { id: user.id, formerEmail: user.email, email: token.email };
  try {
    await transact(context.databases.primary, [
      useMailToken(context, token, token.purpose === "change_email" ? user.email : undefined),
      burnMailTokens(context, user.id, {
        purposes: ["verify_email", "change_email", "reset_password"],
        except: token.id,
      }),
      setVerifiedEmail(context, change),
      insertEvents(context, eventsOf(user, token)),
    ]);
  } catch (error) {
    if (lostRace(error)) throw refusedMailToken();
    if (violatesUnique(error, "users_email"))
      throw new AppError("email_taken", { detail: "Ask for a change to another address." });
    throw error;
  }
}

function eventsOf({ id }: UserRow, token: OpenMailToken): NewEvent[] {
  const verified: NewEvent = { type: "user.email_verified", subject: id, data: { user_id: id } };
  if (token.purpose !== "change_email") return [verified];
  const data = { user_id: id, mail_token_id: token.id };
  return [verified, { type: "user.email_changed", subject: id, data }];
}
