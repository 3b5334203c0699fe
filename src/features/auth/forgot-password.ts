import type { BatchItem } from "drizzle-orm/batch";
import { sha256Hex } from "#core/canonical-json";
import type { Id } from "#core/ids";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { newMailToken, newMailTokenForAddress } from "./mail-tokens.ts";
import { keepPace, keepPaceOfNetwork } from "./pace.ts";
import { accountPaces } from "./rules.ts";

/**
 * Mails a token for a new password, if the address has an account. Whether it has is found out after the answer, by
 * whoever sends the mail: until then the same rows are written for every address.
 * @throws AppError rate_limited, by address and by network, for known and unknown addresses alike.
 */
export async function forgotPassword(
  context: Context,
  { email, network }: { email: string; network: string },
): Promise<void> {
  await Promise.all([
    keepPaceOfNetwork(context, accountPaces.forgotByAddress, network),
    keepPaceOfEmail(context, email),
  ]);
  await send(context, await newMailTokenForAddress(context, "reset_password", email));
}

/**
 * Mails the same to an account that staff has looked up.
 * @throws AppError rate_limited, together with what the owner asks for.
 */
export async function mailPasswordReset(
  context: Context,
  account: { userId: Id<"user">; email: string },
): Promise<void> {
  await keepPaceOfEmail(context, account.email);
  await send(context, await newMailToken(context, "reset_password", account));
}

async function keepPaceOfEmail(context: Context, email: string): Promise<void> {
  await keepPace(context, accountPaces.forgotByEmail, await sha256Hex(email.toLowerCase()));
}

async function send(
  context: Context,
  token: { id: Id<"mailToken">; statement: BatchItem<"pg"> },
): Promise<void> {
  await transact(context.databases.primary, [
    token.statement,
    insertEvents(context, [
      { type: "mail_token.issued", subject: token.id, data: { mail_token_id: token.id } },
    ]),
    // Only the staff's request comes with a key; what either is told is that a mail is on its way, and no more.
    ...recordAnswer(context, {}),
  ]);
  context.wakeOutbox();
}
