import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { findReplacedEmail } from "./mail-tokens.ts";
import { findUser } from "./store.ts";

const UserId = idSchema("user");
const MailTokenId = idSchema("mailToken");

/** Tells the former address that it is no longer the account's: its owner may not have done this. */
export async function sendEmailChangedMail(
  context: Context,
  event: RecordedEvent<"user.email_changed">,
): Promise<void> {
  const user = await findUser(context, UserId.parse(event.data.user_id));
  const former = await findReplacedEmail(context, MailTokenId.parse(event.data.mail_token_id));
  if (user === undefined || former === undefined) return;
  const { SHOP_NAME: shop } = context.settings;
  await context.sendMail({
    to: former,
    subject: `${shop}: your e-mail address was changed`,
    text: `Hello ${user.name},\n\nyour account at ${shop} now has another e-mail address; this one is no longer used.\n\nIf it was not you, tell us at once by answering this mail.\n`,
    idempotencyKey: event.id,
  });
}

export async function sendPasswordChangedMail(
  context: Context,
  event: RecordedEvent<"user.password_changed">,
): Promise<void> {
  const user = await findUser(context, UserId.parse(event.data.user_id));
  if (user === undefined) return;
  const { SHOP_NAME: shop } = context.settings;
  await context.sendMail({
    to: user.email,
    subject: `${shop}: your password was changed`,
    text: `Hello ${user.name},\n\nthe password of your account at ${shop} was changed, and other devices were signed out.\n\nIf it was not you, choose a new one with "forgot password" and tell us by answering this mail.\n`,
    idempotencyKey: event.id,
  });
}
