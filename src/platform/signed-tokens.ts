import { fromBase64Url, toBase64Url } from "#core/base64url";
import type { Settings } from "./env.ts";

/**
 * What a signed token is for; a token made for one purpose never opens for another. Its text can be read by whoever
 * holds it; the signature proves that we made it.
 */
export type TokenPurpose = "cart" | "consistency" | "cursor" | "live-ticket" | "order" | "refresh";

/** What a secret is derived for. */
type SecretPurpose = "mail-token" | "refresh-successor" | "search-visitor";

const keys = new WeakMap<Settings, Promise<CryptoKey>>();

function keyOf(settings: Settings): Promise<CryptoKey> {
  const known = keys.get(settings);
  if (known) return known;
  const bytes = new TextEncoder().encode(settings.TOKEN_SECRET);
  const key = crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  keys.set(settings, key);
  return key;
}

/** `payload.signature`, both safe in URLs and headers. The payload is base64url of the text. */
export async function signToken(settings: Settings, purpose: TokenPurpose, text: string): Promise<string> {
  const payload = toBase64Url(new TextEncoder().encode(text));
  const signature = await crypto.subtle.sign("HMAC", await keyOf(settings), signedBytes(purpose, payload));
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
  const genuine = await crypto.subtle.verify(
    "HMAC",
    await keyOf(settings),
    signatureBytes,
    signedBytes(purpose, payload),
  );
  return genuine ? new TextDecoder().decode(payloadBytes) : undefined;
}

/** 256 bits, base64url, that only we can compute: the same text gives the same bits, and they do not tell the text. */
export async function deriveSecret(
  settings: Settings,
  purpose: SecretPurpose,
  text: string,
): Promise<string> {
  const bits = await crypto.subtle.sign("HMAC", await keyOf(settings), signedBytes(purpose, text));
  return toBase64Url(new Uint8Array(bits));
}

/** 256 random bits, base64url. */
export function randomSecret(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function signedBytes(purpose: TokenPurpose | SecretPurpose, payload: string): Uint8Array {
  return new TextEncoder().encode(`${purpose}:${payload}`);
}
