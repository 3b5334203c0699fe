import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import { fromBase64Url, toBase64Url } from "#core/base64url";
import type { Settings } from "./env.ts";

/*
 * The library is loaded by the first request that needs it: it is large, most of it for attestations that we do not
 * ask for, and other requests should not wait for it when an isolate starts.
 */

/** For how long an authenticator's dialogue stays open, in milliseconds. */
const dialogueMs = 5 * 60 * 1000;

export type KnownCredential = { id: string; transports: string[] };

/** The options for `navigator.credentials.create()`, in the JSON form of the standard. */
export async function creationOptions(
  settings: Settings,
  request: {
    challenge: string;
    user: { id: string; email: string; name: string };
    known: readonly KnownCredential[];
  },
) {
  const { generateRegistrationOptions } = await import("@simplewebauthn/server");
  return generateRegistrationOptions({
    rpName: settings.SHOP_NAME,
    rpID: relyingPartyId(settings),
    userID: Uint8Array.from(new TextEncoder().encode(request.user.id)),
    userName: request.user.email,
    userDisplayName: request.user.name,
    challenge: challengeBytes(request.challenge),
    timeout: dialogueMs,
    attestationType: "none",
    excludeCredentials: [...request.known],
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/** The options for `navigator.credentials.get()` with whatever passkey of ours the person chooses. */
export async function requestOptions(settings: Settings, challenge: string) {
  const { generateAuthenticationOptions } = await import("@simplewebauthn/server");
  return generateAuthenticationOptions({
    rpID: relyingPartyId(settings),
    challenge: challengeBytes(challenge),
    timeout: dialogueMs,
    userVerification: "required",
  });
}

export type NewCredential = {
  credentialId: string;
  publicKey: string;
  counter: number;
  transports: string[];
  backedUp: boolean;
};

/** The credential that was made for this challenge, or undefined when anything about it is not as it must be. */
export async function verifyCreation(
  settings: Settings,
  challenge: string,
  response: RegistrationResponseJSON,
): Promise<NewCredential | undefined> {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const verified = await refusedAsUndefined(
    verifyRegistrationResponse({ ...expectations(settings, challenge), response }),
  );
  if (verified?.verified !== true) return undefined;
  const { credential, credentialBackedUp } = verified.registrationInfo;
  return {
    credentialId: credential.id,
    publicKey: toBase64Url(credential.publicKey),
    counter: credential.counter,
    transports: response.response.transports ?? [],
    backedUp: credentialBackedUp,
  };
}

export type StoredCredential = { credentialId: string; publicKey: string; counter: number };

/** The counter after this use, or undefined when the use does not prove that the credential is there. */
export async function verifyUse(
  settings: Settings,
  { challenge, response }: { challenge: string; response: AuthenticationResponseJSON },
  stored: StoredCredential,
): Promise<{ counter: number; backedUp: boolean } | undefined> {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const publicKey = fromBase64Url(stored.publicKey);
  if (publicKey === undefined) throw new Error(`the passkey ${stored.credentialId} is damaged`);
  const credential = { id: stored.credentialId, publicKey, counter: stored.counter };
  const verified = await refusedAsUndefined(
    verifyAuthenticationResponse({ ...expectations(settings, challenge), response, credential }),
  );
  if (verified?.verified !== true) return undefined;
  const { newCounter, credentialBackedUp } = verified.authenticationInfo;
  return { counter: newCounter, backedUp: credentialBackedUp };
}

const ClientData = z.object({ challenge: z.string() });

/** The challenge that a response claims to answer; whether it is ours is for the caller to see. */
export function claimedChallenge(clientDataJson: string): string | undefined {
  const bytes = fromBase64Url(clientDataJson);
  if (bytes === undefined) return undefined;
  try {
    return ClientData.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data?.challenge;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function expectations(settings: Settings, challenge: string) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: originsOf(settings),
    expectedRPID: relyingPartyId(settings),
    requireUserVerification: true,
  };
}

/** The library throws for whatever is wrong with a response. */
function refusedAsUndefined<Result>(verification: Promise<Result>): Promise<Result | undefined> {
  return verification.catch((error: unknown) => {
    if (error instanceof Error) return undefined;
    throw error;
  });
}

function relyingPartyId(settings: Settings): string {
  return settings.PASSKEY_RP_ID ?? new URL(settings.PUBLIC_URL).hostname;
}

function originsOf(settings: Settings): string[] {
  return settings.PASSKEY_ORIGINS.length > 0
    ? settings.PASSKEY_ORIGINS
    : [new URL(settings.PUBLIC_URL).origin];
}

function challengeBytes(challenge: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(challenge);
  if (bytes === undefined) throw new Error("a challenge is not base64url");
  return bytes;
}
