import type { Id } from "#core/ids";
import { fromBase64Url } from "#core/base64url";
import type { Context } from "#platform/context";
import { keepOneTime, takeOneTime } from "#platform/one-time";
import { claimedChallenge, requestOptions, verifyUse } from "#platform/webauthn";
import { passkeyRefused, useChallenges } from "./challenges.ts";
import { passkeyLimits } from "./rules.ts";
import type { PasskeyAnswer, PasskeyOptions } from "./schema.ts";
import { findPasskeyByCredential, noteUse } from "./store.ts";
import type { PasskeyRow } from "./tables.ts";

/** A challenge for whatever passkey the person chooses: nobody is asked who they are first. */
export async function offerPasskeyUse(context: Context): Promise<PasskeyOptions> {
  const challenge = await keepOneTime(context, useChallenges, {});
  const publicKey = await requestOptions(context.settings, challenge);
  return { public_key: { ...publicKey }, expires_in: passkeyLimits.challengeSeconds };
}

/**
 * Takes a passkey's answer to a challenge of ours, which is good once.
 * @returns whose it is.
 * @throws AppError passkey_refused.
 */
export async function provePasskey(context: Context, answer: PasskeyAnswer): Promise<Id<"user">> {
  const challenge = claimedChallenge(answer.response.clientDataJSON) ?? "";
  const [asked, passkey] = await Promise.all([
    takeOneTime(context, useChallenges, challenge),
    findPasskeyByCredential(context, answer.id),
  ]);
  if (asked === undefined || passkey === undefined || !namesOwner(answer, passkey)) throw passkeyRefused();
  const { userHandle: _handle, ...response } = answer.response;
  const use = await verifyUse(context.settings, { challenge, response: { ...answer, response } }, passkey);
  if (use !== undefined && (await noteUse(context, passkey, use))) return passkey.userId;
  context.log("warn", "a passkey's answer was refused", { user_id: passkey.userId });
  throw passkeyRefused();
}

/** An authenticator that says whose the passkey is must say what was said when it was made. */
function namesOwner({ response }: PasskeyAnswer, { userId }: PasskeyRow): boolean {
  const { userHandle } = response;
  if (userHandle === undefined || userHandle === null) return true;
  const bytes = fromBase64Url(userHandle);
  return bytes !== undefined && new TextDecoder().decode(bytes) === userId;
}
