/** RFC 6238 with the parameters that every authenticator app has: SHA-1, six digits, thirty seconds. */
export const totpParameters = { digits: 6, stepSeconds: 30, secretBytes: 20 } as const;

export const mfaLimits = {
  /** Steps before and after the present one whose codes are taken: clocks drift. */
  driftStepsMax: 1,
  recoveryCodes: 10,
  /** Random bytes of a recovery code: too many to guess, so that a plain hash keeps it. */
  recoveryCodeBytes: 10,
  /** How long after the first factor the second may come. */
  pendingSignInSeconds: 5 * 60,
} as const;

/** Wrong codes of one account within a window, whoever sends them. */
export const codeLimit = { name: "mfa-user", requestsMax: 10, windowSeconds: 15 * 60 } as const;

const base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Base 32 without padding (RFC 4648), as authenticator apps want secrets. */
export function toBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => base32Letters[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}

export function totpStepAt(epochSeconds: number): number {
  return Math.floor(epochSeconds / totpParameters.stepSeconds);
}

/** The code of one time step: HOTP (RFC 4226) over the step's number. */
export async function totpCode(secret: Uint8Array<ArrayBuffer>, step: number): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const hmac = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", secret, hmac, false, ["sign"]);
  const digest = new DataView(await crypto.subtle.sign("HMAC", key, counter.buffer));
  const offset = digest.getUint8(digest.byteLength - 1) & 0x0f;
  const truncated = digest.getUint32(offset) & 0x7f_ff_ff_ff;
  return String(truncated % 10 ** totpParameters.digits).padStart(totpParameters.digits, "0");
}

/** The step near this moment whose code this is, or undefined. */
export async function stepOfCode(
  secret: Uint8Array<ArrayBuffer>,
  code: string,
  epochSeconds: number,
): Promise<number | undefined> {
  const present = totpStepAt(epochSeconds);
  let found: number | undefined;
  for (let drift = -mfaLimits.driftStepsMax; drift <= mfaLimits.driftStepsMax; drift++) {
    if ((await totpCode(secret, present + drift)) === code) found = present + drift;
  }
  return found;
}

/** What a person may type of a recovery code: case, spaces and dashes do not matter. */
export function normalizeRecoveryCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, "");
}
