import { z } from "zod";
import { fromBase64Url, toBase64Url } from "#core/base64url";
import type { Settings } from "./env.ts";

const nonceBytes = 12;

/** JSON of ENCRYPTION_KEYS: the first key seals, all of them open, so that keys can be rotated. */
export const EncryptionKeys = z
  .array(
    z.object({
      kid: z.string().min(1).max(64),
      key: z.string().regex(/^[\w-]{43}$/, "is 32 bytes, base64url"),
    }),
  )
  .min(1);

/** A text that only a holder of the key can read; kept in the database beside the key's id. */
export type SealedText = { readonly keyId: string; readonly sealed: string };

/**
 * Seals a text with AES-GCM under the newest key.
 * @param owner what the text belongs to: sealed for one owner it opens for no other, so that rows cannot be swapped.
 */
export async function sealText(settings: Settings, owner: string, text: string): Promise<SealedText> {
  const [newest] = settings.ENCRYPTION_KEYS;
  if (newest === undefined) throw new Error("ENCRYPTION_KEYS holds no key");
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const ciphertext = await crypto.subtle.encrypt(
    algorithmFor(nonce, owner),
    await importKey(newest.key),
    new TextEncoder().encode(text),
  );
  const sealed = new Uint8Array([...nonce, ...new Uint8Array(ciphertext)]);
  return { keyId: newest.kid, sealed: toBase64Url(sealed) };
}

/** @throws Error when the key is gone from the settings, or the text was sealed for another owner or changed. */
export async function openSealedText(settings: Settings, owner: string, text: SealedText): Promise<string> {
  const key = settings.ENCRYPTION_KEYS.find(({ kid }) => kid === text.keyId);
  const bytes = fromBase64Url(text.sealed);
  if (key === undefined) throw new Error(`ENCRYPTION_KEYS has no key "${text.keyId}" any more`);
  if (bytes === undefined) throw new Error("a sealed text is damaged");
  const opened = await crypto.subtle.decrypt(
    algorithmFor(bytes.slice(0, nonceBytes), owner),
    await importKey(key.key),
    bytes.slice(nonceBytes),
  );
  return new TextDecoder().decode(opened);
}

function algorithmFor(nonce: Uint8Array<ArrayBuffer>, owner: string) {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(owner) };
}

function importKey(key: string): Promise<CryptoKey> {
  const bytes = fromBase64Url(key);
  if (bytes === undefined) throw new Error("an encryption key is not base64url");
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
