import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type JWK, exportJWK, generateKeyPair } from "jose";
import { z } from "zod";

const Keys = z.object({
  issuer: z.looseObject({ kty: z.literal("EC") }),
  stranger: z.looseObject({ kty: z.literal("EC") }),
});

/** The issuers' key, and one that nobody knows of. */
export type SigningKeys = { issuer: JWK; stranger: JWK };

/** Made once per state folder, so that a restart changes no key. */
export async function keepSigningKeys(stateFolder: string): Promise<SigningKeys> {
  const file = join(stateFolder, "keys.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return Keys.parse(JSON.parse(kept));
  const keys = { issuer: await newKey("issuer"), stranger: await newKey("issuer") };
  await mkdir(stateFolder, { recursive: true });
  await writeFile(`${file}.partial`, JSON.stringify(keys), { mode: 0o600 });
  await rename(`${file}.partial`, file);
  return keys;
}

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" };
}
