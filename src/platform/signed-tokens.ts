import { fromBase64Url, toBase64Url } from "#core/base64url";
import type { Settings } from "./env.ts";

/**
 * What a signed token is for; a token made for one purpose never opens for another. Its text can be read by whoever
 * holds it; the signature proves that we made it.
 */
export type TokenPurpose = "cart" | "consistency" | "cursor" | "live-ticket" | "order" | "refresh";

/** What a secret is derived for. */
type SecretPurpose = "mail-token" | "refresh-successor" | "search-visitor";

/** The key that signs, and after it the one that only verifies, where there is one. */
type Keys = readonly [CryptoKey, ...CryptoKey[]];

const keys = new WeakMap<Settings, Promise<Keys>>();

function keysOf(settings: Settings): Promise<Keys> {
  const known = keys.get(settings) ?? importKeys(settings);
  keys.set(settings, known);
  return known;
}

async function importKeys({ TOKEN_SECRET, TOKEN_SECRET_FORMER }: Settings): Promise<Keys> {
  const former = TOKEN_SECRET_FORMER === undefined ? [] : [importKey(TOKEN_SECRET_FORMER)];
  return Promise.all([importKey(TOKEN_SECRET), ...former]);
}

function importKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** `payload.signature`, both safe in URLs and headers. The payload is base64url of the text. */
export async function signToken(settings: Settings, purpose: TokenPurpose, text: string): Promise<string> {
  const payload = toBase64Url(new TextEncoder().encode(text));
  const [key] = await keysOf(settings);
  const signature = await crypto.subtle.sign("HMAC", key, signedBytes(purpose, payload));
  return `${payload}.${toBase64Url(new Uint8Array(signature))}`;
}

/** The text inside, or undefined when we did not make this token for this purpose. */
export async function openToken(
  settings: Settings,
  purpose: TokenPurpose,
  token: string,
): Promise<string | undefined> {
  const [payload, signature, ...rest] = token.split(".");
  if (!payload || !signature || rest.length > 0) return undefined;
  const signatureBytes = fromBase64Url(signature);
  const payloadBytes = fromBase64Url(payload);
  if (signatureBytes === undefined || payloadBytes === undefined) return undefined;
  const signed = signedBytes(purpose, payload);
  for (const key of await keysOf(settings))
    if (await crypto.subtle.verify("HMAC", key, signatureBytes, signed))
      return new TextDecoder().decode(payloadBytes);
  return undefined;
}

/** 256 bits, base64url, that only we can compute: the same text gives the same bits, and they do not tell the text. */
export async function deriveSecret(
  settings: Settings,
  purpose: SecretPurpose,
  text: string,
): Promise<string> {
  const [key] = await keysOf(settings);
  const bits = await crypto.subtle.sign("HMAC", key, signedBytes(purpose, text));
  return toBase64Url(new Uint8Array(bits));
}

/** 256 random bits, base64url. */
export function randomSecret(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function signedBytes(purpose: TokenPurpose | SecretPurpose, payload: string): Uint8Array {
  return new TextEncoder().encode(`${purpose}:${payload}`);
}
