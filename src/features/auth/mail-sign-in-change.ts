import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { findUser } from "./store.ts";

type SignInChange = RecordedEvent<"user.sign_in_changed">["data"]["change"];

const wordings: Readonly<Record<SignInChange, string>> = {
  mfa_enabled: "an authenticator app is now asked for when you sign in",
  mfa_disabled: "the authenticator app is no longer asked for when you sign in",
  identity_linked: "an account elsewhere can now be used to sign in",
  identity_unlinked: "an account elsewhere can no longer be used to sign in",
  passkey_added: "a passkey can now be used to sign in",
  passkey_removed: "a passkey can no longer be used to sign in",
  recovery_codes_renewed: "new recovery codes have replaced the old ones",
  factors_forgotten:
    "we have removed the authenticator app and all passkeys and signed you out everywhere: sign in by password or at another provider, and set them up anew",
};

/** Tells the owner by mail that the ways to sign in have changed: if it was somebody else, this is how it shows. */
export async function mailSignInChange(
  context: Context,
  event: RecordedEvent<"user.sign_in_changed">,
): Promise<void> {
  const user = await findUser(context, idSchema("user").parse(event.data.user_id));
  if (user === undefined) return;
  const { change, provider } = event.data;
  const shop = context.settings.SHOP_NAME;
  await context.sendMail({
    to: user.email,
    subject: `${shop}: your sign-in has changed`,
    text: `Hello ${user.name},\n\nfor your account at ${shop}, ${wordings[change]}${provider === undefined ? "" : ` (${provider})`}.\n\nIf it was not you, change your password at once and tell us by answering this mail.\n`,
    idempotencyKey: event.id,
  });
}
