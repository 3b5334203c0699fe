import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { findUnsentMailToken, mailTokenText } from "./mail-tokens.ts";
import { mailTokenLimits } from "./rules.ts";
import type { MailTokenPurpose, MailTokenRow, UserRow } from "./tables.ts";

const MailTokenId = idSchema("mailToken");

/**
 * Mails a one-time token. Nothing is sent when it was used, burnt or belongs to no account; the event's id is the
 * mail's key, so that a repetition sends no second one.
 */
export async function sendTokenMail(
  context: Context,
  event: RecordedEvent<"mail_token.issued">,
): Promise<void> {
  const found = await findUnsentMailToken(context, MailTokenId.parse(event.data.mail_token_id));
  if (found === undefined) return;
  const { token, user } = found;
  await context.sendMail({ ...(await mailOf(context, token, user)), idempotencyKey: event.id });
  if (token.purpose === "change_email") await warnPresentAddress(context, user, event.id);
}

async function mailOf(context: Context, { id, purpose, email }: MailTokenRow, user: UserRow) {
  const { subject, reason, otherwise } = texts[purpose];
  const { SHOP_NAME: shop } = context.settings;
  const lines = [
    `Hello ${user.name},`,
    "",
    reason,
    "",
    ...(await waysToUse(context, { id, purpose })),
    "",
    otherwise,
    "",
  ];
  return { to: email ?? user.email, subject: `${shop}: ${subject}`, text: lines.join("\n") };
}

/** The link into the shop's pages, where there are any, and the token itself, to be typed in elsewhere. */
export async function waysToUse(
  context: Context,
  { id, purpose }: Pick<MailTokenRow, "id" | "purpose">,
): Promise<string[]> {
  const token = await mailTokenText(context, id);
  const { STOREFRONT_URL: storefront } = context.settings;
  const minutes = mailTokenLimits.lifeSeconds[purpose] / 60;
  const life = minutes < 120 ? `${minutes} minutes` : `${minutes / 60} hours`;
  const link =
    storefront === undefined ? [] : [linkTo(storefront, purpose, token), "", "or enter this code:"];
  return [
    ...link,
    ...(link.length === 0 ? ["Enter this code:"] : []),
    token,
    "",
    `It is good once, for ${life}.`,
  ];
}

/** The token stands behind the hash sign, so that it reaches no server's log. */
function linkTo(storefront: string, purpose: MailTokenPurpose, token: string): string {
  const url = new URL(
    purpose === "reset_password" ? "/account/reset-password" : "/account/verify-email",
    storefront,
  );
  url.hash = `token=${token}`;
  return url.href;
}

async function warnPresentAddress(context: Context, user: UserRow, eventId: string): Promise<void> {
  const { SHOP_NAME: shop } = context.settings;
  await context.sendMail({
    to: user.email,
    subject: `${shop}: somebody asked to change your e-mail address`,
    text: `Hello ${user.name},\n\nyour account at ${shop} is to get another e-mail address, once that address is confirmed.\n\nIf it was not you, change your password now: that stops it.\n`,
    idempotencyKey: `${eventId}:present`,
  });
}

const texts: Record<MailTokenPurpose, { subject: string; reason: string; otherwise: string }> = {
  verify_email: {
    subject: "confirm your e-mail address",
    reason: "please confirm that this e-mail address is yours.",
    otherwise: "If you have no account with us, you need not do anything.",
  },
  change_email: {
    subject: "confirm your new e-mail address",
    reason: "your account is to use this e-mail address from now on. It does once you have confirmed it.",
    otherwise: "If you did not ask for this, you need not do anything.",
  },
  reset_password: {
    subject: "choose a new password",
    reason: "somebody asked for a new password for your account.",
    otherwise: "If it was not you, you need not do anything: your password stays as it is.",
  },
};
