import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { findUser } from "./store.ts";

/** Greets a new customer once: the mail service knows the event's id and sends one mail for it. */
export async function sendWelcomeMail(
  context: Context,
  event: RecordedEvent<"user.registered">,
): Promise<void> {
  const user = await findUser(context, idSchema("user").parse(event.data.user_id));
  if (user === undefined) return;
  const shop = context.settings.SHOP_NAME;
  await context.sendMail({
    to: user.email,
    subject: `Welcome to ${shop}`,
    text: `Hello ${user.name},\n\nyour account at ${shop} is ready. Sign in with this e-mail address.\n\nIf it was not you who signed up, tell us by answering this mail.\n`,
    idempotencyKey: event.id,
  });
}
