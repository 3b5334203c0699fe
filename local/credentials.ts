import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";

/** What the local services ask of their clients. They protect nothing: everything listens on 127.0.0.1 only. */
export const LOCAL_CREDENTIALS = {
  redisToken: "local-redis-token",
  queueToken: "local-queue-token",
  queueCurrentSigningKey: "sig_local_current",
  queueNextSigningKey: "sig_local_next",
  searchApiKey: "local-search-master-key",
  stripeSecretKey: "sk_test_local",
  stripePublishableKey: "pk_test_local",
  stripeWebhookSecret: "whsec_local",
  paypalClientId: "local-paypal-client",
  paypalClientSecret: "local-paypal-secret",
  paypalWebhookId: "LOCALPAYPALWEBHOOK",
  paypalMerchantId: "TRADEW2NDSH9P",
  identityClientId: "local-shop",
  identityClientSecret: "local-shop-secret",
  mailApiKey: "local-mail-key",
  sentryPublicKey: "localsentrykey",
} as const;

export const DEMO_ADMIN = {
  email: "admin@tradewind.example",
  password: "admin-on-this-laptop",
  name: "Demo Admin",
};
export const DEMO_CUSTOMER = {
  email: "customer@tradewind.example",
  password: "customer-on-this-laptop",
  name: "Demo Customer",
};

const Secrets = z.object({
  ACCESS_TOKEN_KEYS: z.string(),
  ENCRYPTION_KEYS: z.string(),
  TOKEN_SECRET: z.string(),
});
export type Secrets = z.infer<typeof Secrets>;

/**
 * The keys that sign tokens and seal secrets, made once per state folder, so that who is signed in stays so across
 * restarts. A kept file that is of an earlier version gets what it lacks.
 */
export async function keepSecrets(stateFolder: string): Promise<Secrets> {
  const file = join(stateFolder, "secrets.json");
  const kept = await readIfThere(file);
  const known = Secrets.partial().parse(kept === undefined ? {} : JSON.parse(kept));
  const complete = Secrets.safeParse(known);
  if (complete.success) return complete.data;
  const secrets = Secrets.parse({ ...(await newSecrets()), ...known });
  await mkdir(stateFolder, { recursive: true });
  await writeFile(`${file}.partial`, JSON.stringify(secrets, undefined, 2), { mode: 0o600 });
  await rename(`${file}.partial`, file);
  return secrets;
}

async function newSecrets(): Promise<Secrets> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomUUID() };
  return {
    ACCESS_TOKEN_KEYS: JSON.stringify([key]),
    ENCRYPTION_KEYS: JSON.stringify([{ kid: randomUUID(), key: randomBytes(32).toString("base64url") }]),
    TOKEN_SECRET: randomBytes(48).toString("base64url"),
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "ENOENT") return undefined;
    throw fault;
  }
}
