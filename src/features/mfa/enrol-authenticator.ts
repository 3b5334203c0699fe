import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { readProfile } from "#features/auth/read-profile";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { openSealedText, sealText } from "#platform/sealed-text";
import { fromBase64Url, toBase64Url } from "#core/base64url";
import { toBase32, totpParameters } from "./rules.ts";
import type { NewAuthenticator } from "./schema.ts";
import { putUnconfirmed } from "./store.ts";
import type { AuthenticatorRow } from "./tables.ts";

/**
 * Gives a new secret for an authenticator app. Nothing is asked of anybody until a code of it was confirmed; asking
 * again gives another secret in its place.
 * @throws AppError mfa_enabled when one is confirmed already.
 */
export async function enrolAuthenticator(context: Context): Promise<NewAuthenticator> {
  const { userId } = signedInUser(context);
  const { email } = await readProfile(context);
  const secret = crypto.getRandomValues(new Uint8Array(totpParameters.secretBytes));
  const sealed = await sealText(context.settings, sealOwner(userId), toBase64Url(secret));
  if (!(await putUnconfirmed(context, userId, sealed)))
    throw new AppError("mfa_enabled", { detail: "Remove the present app first: DELETE /auth/mfa/totp." });
  const secretText = toBase32(secret);
  return { secret: secretText, otpauth_uri: otpauthUri(context.settings.SHOP_NAME, email, secretText) };
}

export async function secretOf(
  context: Context,
  { userId, keyId, secret }: AuthenticatorRow,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = fromBase64Url(
    await openSealedText(context.settings, sealOwner(userId), { keyId, sealed: secret }),
  );
  if (bytes === undefined) throw new Error(`the authenticator of ${userId} is damaged`);
  return bytes;
}

function sealOwner(userId: Id<"user">): string {
  return `authenticator ${userId}`;
}

/** The URI that authenticator apps read from a QR code. */
function otpauthUri(shop: string, email: string, secret: string): string {
  const label = `${encodeURIComponent(shop)}:${encodeURIComponent(email)}`;
  const { digits, stepSeconds } = totpParameters;
  // Apps read a plus sign as itself, not as a space.
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(shop)}&algorithm=SHA1&digits=${digits}&period=${stepSeconds}`;
}
