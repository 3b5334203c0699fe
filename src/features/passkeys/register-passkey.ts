import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { insertEvents } from "#events/record";
import { readProfile } from "#features/auth/read-profile";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { keepOneTime, takeOneTime } from "#platform/one-time";
import { claimedChallenge, creationOptions, verifyCreation } from "#platform/webauthn";
import { passkeyRefused, registrationChallenges } from "./challenges.ts";
import { passkeyOnTheWire } from "./list-passkeys.ts";
import { passkeyLimits } from "./rules.ts";
import type { NewPasskey, Passkey, PasskeyOptions } from "./schema.ts";
import { findPasskeysOf, insertPasskey, lostCredentialRace } from "./store.ts";

/** @throws AppError too_many_passkeys. */
export async function offerRegistration(context: Context): Promise<PasskeyOptions> {
  const { userId } = signedInUser(context);
  const [profile, known] = await Promise.all([readProfile(context), findPasskeysOf(context, userId)]);
  if (known.length >= passkeyLimits.passkeysPerUserMax)
    throw new AppError("too_many_passkeys", { detail: "Remove one that you do not use any more first." });
  const challenge = await keepOneTime(context, registrationChallenges, { userId });
  const publicKey = await creationOptions(context.settings, {
    challenge,
    user: { id: userId, email: profile.email, name: profile.name },
    known: known.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
  });
  return { public_key: { ...publicKey }, expires_in: passkeyLimits.challengeSeconds };
}

/** @throws AppError passkey_refused when the answer does not fit, or is registered already. */
export async function registerPasskey(context: Context, { name, credential }: NewPasskey): Promise<Passkey> {
  const { userId } = signedInUser(context);
  const challenge = claimedChallenge(credential.response.clientDataJSON) ?? "";
  const asked = await takeOneTime(context, registrationChallenges, challenge);
  if (asked?.userId !== userId) throw passkeyRefused();
  const made = await verifyCreation(context.settings, challenge, credential);
  if (made === undefined) throw passkeyRefused();
  const id = newId("passkey", context.now());
  const data = { user_id: userId, change: "passkey_added" } as const;
  try {
    const [[row]] = await transact(context.databases.primary, [
      insertPasskey(context, { id, userId, name, ...made }),
      insertEvents(context, [{ type: "user.sign_in_changed", subject: userId, data }]),
    ]);
    if (row === undefined) throw new Error("the insert returned no passkey");
    context.wakeOutbox();
    return passkeyOnTheWire(row);
  } catch (error) {
    if (lostCredentialRace(error)) throw passkeyRefused();
    throw error;
  }
}
