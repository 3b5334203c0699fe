import { crc32 } from "./crc32.ts";

/** What every key begins with, so that scanners for leaked secrets know it. */
const prefix = "tw_live_";
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
/** 52 letters of 5 bits are 260 bits. */
const secretLetters = 52;
const pattern = new RegExp(`^${prefix}[${alphabet}]{${secretLetters}}[0-9a-f]{8}$`);

/** A new key: the prefix, 260 random bits, and a checksum by which a typing error is told from a revoked key. */
export function newApiKeyText(): string {
  const random = crypto.getRandomValues(new Uint8Array(secretLetters));
  const body = prefix + Array.from(random, (byte) => alphabet[byte % alphabet.length]).join("");
  return body + checksumOf(body);
}

/** Whether a Bearer token means to be an API key. */
export function looksLikeApiKey(token: string): boolean {
  return token.startsWith("tw_");
}

/** Whether it has the form of a key and the right checksum, which costs no question to the database. */
export function isWellFormedApiKey(token: string): boolean {
  return pattern.test(token) && checksumOf(token.slice(0, -8)) === token.slice(-8);
}

function checksumOf(body: string): string {
  return crc32(new TextEncoder().encode(body)).toString(16).padStart(8, "0");
}
