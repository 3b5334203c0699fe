import { sha256Hex } from "#core/canonical-json";
import type { Id } from "#core/ids";
import { mfaLimits, normalizeRecoveryCode, toBase32 } from "./rules.ts";

export type RecoveryCodeSet = { codes: string[]; hashes: string[] };

/** New recovery codes in groups that can be typed, and what the database keeps of them. */
export async function newRecoveryCodes(userId: Id<"user">): Promise<RecoveryCodeSet> {
  const codes = Array.from({ length: mfaLimits.recoveryCodes }, () => {
    const bytes = crypto.getRandomValues(new Uint8Array(mfaLimits.recoveryCodeBytes));
    return (toBase32(bytes).match(/.{4}/g) ?? []).join("-");
  });
  return { codes, hashes: await Promise.all(codes.map((code) => hashOfRecoveryCode(userId, code))) };
}

export function hashOfRecoveryCode(userId: Id<"user">, typed: string): Promise<string> {
  return sha256Hex(`${userId}:${normalizeRecoveryCode(typed)}`);
}
