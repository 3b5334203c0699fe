import { randomBytes } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const RANDOM_CHARACTERS = 28;

export type IdentifierPrefix = "msg_" | "scd_" | "sig_" | "dlq_" | "jwt_";

export function newIdentifier(prefix: IdentifierPrefix): string {
  const characters = Array.from(randomBytes(RANDOM_CHARACTERS), (byte) => ALPHABET[byte % ALPHABET.length]);
  return prefix + characters.join("");
}
