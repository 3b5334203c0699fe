import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { findUnsentMailToken } from "./mail-tokens.ts";
import { waysToUse } from "./send-token-mail.ts";
import { findUser } from "./store.ts";

/**
 * Greets a new customer once, and asks for a proof of the address where there is none yet: the mail service knows the
 * event's id and sends one mail for it.
 */
export async function sendWelcomeMail(
  context: Context,
  event: RecordedEvent<"user.registered">,
): Promise<void> {
  const user = await findUser(context, idSchema("user").parse(event.data.user_id));
  if (user === undefined) return;
  const shop = context.settings.SHOP_NAME;
  const proof = await waysToProve(context, event.data.mail_token_id);
  const lines = [
    `Hello ${user.name},`,
    "",
    `your account at ${shop} is ready. Sign in with this e-mail address.`,
    "",
    ...proof,
    "If it was not you who signed up, tell us by answering this mail.",
    "",
  ];
  await context.sendMail({
    to: user.email,
    subject: `Welcome to ${shop}`,
    text: lines.join("\n"),
    idempotencyKey: event.id,
  });
}

async function waysToProve(context: Context, mailTokenId: string | undefined): Promise<string[]> {
  if (mailTokenId === undefined) return [];
  const found = await findUnsentMailToken(context, idSchema("mailToken").parse(mailTokenId));
  if (found === undefined) return [];
  return ["Please confirm that the address is yours.", "", ...(await waysToUse(context, found.token)), ""];
}
