import { resolve } from "node:path";
import { z } from "zod";

const Port = z.coerce.number().int().min(0).max(65_000);

const Environment = z.object({
  /** Port of the API; 0 takes a free one. */
  PORT: Port.default(8787),
  /** Port of the first service, which the others follow; 0 takes free ones. */
  SERVICES_PORT: Port.default(8800),
  /** Where everything that survives a restart is kept. */
  STATE_FOLDER: z.string().min(1).default(".local"),
  /** Pause between two runs of the Worker's scheduled handler, which the cloud starts every minute. */
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(100).default(5000),
  /** A Meilisearch that runs already, and its key, in place of the local one. */
  MEILISEARCH_URL: z.url().optional(),
  MEILISEARCH_API_KEY: z.string().optional(),
});

/** Settings of the Worker that whoever starts the stack may choose. */
const PASSED_ON = [
  "SHOP_NAME",
  "SHOP_CURRENCY",
  "CORS_ORIGINS",
  "SIGN_IN_RETURN_URLS",
  "PASSKEY_ORIGINS",
  "RATE_LIMIT_SCALE",
  "RATE_LIMIT_ADDRESS",
  "RATE_LIMIT_SITE",
  "RATE_LIMIT_ACCOUNT",
  "RATE_LIMIT_BAD_CREDENTIALS",
  "PASSWORD_SCRYPT_PARALLELISM",
];

export type StackSettings = {
  apiPort: number;
  servicesPort: number;
  stateFolder: string;
  sweepIntervalMs: number;
  /** What the search service looks up: another server's address, or a program on the PATH. */
  searchEnvironment: Record<string, string>;
  /** Settings of the Worker that differ from the usual ones of the local stack. */
  workerSettings: Record<string, string>;
};

/** @throws Error that names each setting that is malformed. */
export function readStackSettings(environment: NodeJS.ProcessEnv): StackSettings {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) throw new Error(`Settings of the local stack:\n${z.prettifyError(parsed.error)}`);
  const { PORT, SERVICES_PORT, STATE_FOLDER, SWEEP_INTERVAL_MS } = parsed.data;
  const { MEILISEARCH_URL, MEILISEARCH_API_KEY } = parsed.data;
  return {
    apiPort: PORT,
    servicesPort: SERVICES_PORT,
    stateFolder: resolve(STATE_FOLDER),
    sweepIntervalMs: SWEEP_INTERVAL_MS,
    searchEnvironment: {
      PATH: environment["PATH"] ?? "",
      ...(MEILISEARCH_URL === undefined ? {} : { MEILISEARCH_URL }),
      ...(MEILISEARCH_API_KEY === undefined ? {} : { MEILISEARCH_API_KEY }),
    },
    workerSettings: Object.fromEntries(
      PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
    ),
  };
}
