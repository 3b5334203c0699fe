import { z } from "zod";
import type { RunningService, ServiceOptions } from "./service.ts";
import { lockState } from "./state-lock.ts";

/** The same part of an earlier run that was killed notices it and ends within this time. */
const EARLIER_RUN_ENDS_MS_MAX = 5_000;

type Log = ServiceOptions["log"];

/** How one service is started inside its own process, with options that came as JSON. */
type Launcher<Options> = {
  schema: z.ZodType<Options>;
  launch: (options: unknown, log: Log) => Promise<RunningService>;
};

function launcher<Options extends { stateFolder: string }>(
  schema: z.ZodType<Options>,
  start: (options: Options & { log: Log }) => Promise<RunningService>,
): Launcher<Options> {
  const launch = async (options: unknown, log: Log): Promise<RunningService> => {
    const parsed = schema.parse(options);
    const unlock = await lockState(parsed.stateFolder, EARLIER_RUN_ENDS_MS_MAX);
    if (unlock === undefined)
      throw new Error(`another process works on ${parsed.stateFolder}; stop that one first.`);
    const { url, stop } = await start({ ...parsed, log });
    return { url, stop: () => stop().finally(unlock) };
  };
  return { schema, launch };
}

const port = z.int().min(0).max(65_535);
const common = { port, stateFolder: z.string().min(1) };
const endpoint = z.object({ host: z.string(), port });
const worker = z.object({
  ...common,
  settings: z.record(z.string(), z.string()),
  sweepIntervalMs: z.int().positive(),
});

/** Every part of the local stack. A process loads the code of its own part only. */
export const launchers = {
  postgres: launcher(z.object({ ...common, replicaPort: port }), async (options) => {
    const { startPostgres } = await import("./postgres/postgres.ts");
    return startPostgres(options);
  }),
  neon: launcher(z.object({ ...common, hosts: z.record(z.string(), endpoint) }), async (options) => {
    const { startNeon } = await import("./neon/neon.ts");
    return startNeon(options);
  }),
  redis: launcher(z.object({ ...common, token: z.string() }), async (options) => {
    const { startRedis } = await import("./redis/start-redis.ts");
    return startRedis(options);
  }),
  queue: launcher(
    z.object({
      ...common,
      token: z.string(),
      currentSigningKey: z.string(),
      nextSigningKey: z.string(),
      retryDelayScale: z.number().positive(),
    }),
    async (options) => {
      const { startQueue } = await import("./queue/start-queue.ts");
      return startQueue(options);
    },
  ),
  search: launcher(
    z.object({ ...common, masterKey: z.string(), environment: z.record(z.string(), z.string()) }),
    async (options) => {
      const { startSearch } = await import("./search/start-search.ts");
      return startSearch(options);
    },
  ),
  stripe: launcher(
    z.object({
      ...common,
      secretKey: z.string(),
      publishableKey: z.string(),
      webhookUrl: z.url(),
      webhookSecret: z.string(),
      webhookEvents: z.array(z.string()).readonly(),
      webhookBackoffScale: z.number().positive(),
    }),
    async (options) => {
      const { startStripe } = await import("./stripe/start-stripe.ts");
      return startStripe(options);
    },
  ),
  paypal: launcher(
    z.object({
      ...common,
      clientId: z.string(),
      clientSecret: z.string(),
      webhookUrl: z.url(),
      webhookId: z.string(),
      webhookEvents: z.array(z.string()).readonly(),
      webhookBackoffScale: z.number().positive(),
    }),
    async (options) => {
      const { startPaypal } = await import("./paypal/start-paypal.ts");
      return startPaypal(options);
    },
  ),
  identity: launcher(
    z.object({
      ...common,
      clientId: z.string(),
      clientSecret: z.string(),
      callbackUrl: z.object({ openid: z.url(), github: z.url() }),
    }),
    async (options) => {
      const { startIdentity } = await import("./identity/start-identity.ts");
      return startIdentity(options);
    },
  ),
  mail: launcher(z.object({ ...common, apiKey: z.string() }), async (options) => {
    const { startMail } = await import("./mail/start-mail.ts");
    return startMail(options);
  }),
  sentry: launcher(z.object({ ...common, publicKey: z.string() }), async (options) => {
    const { startSentry } = await import("./sentry/start-sentry.ts");
    return startSentry(options);
  }),
  worker: launcher(worker.extend({ bundleFolder: z.string() }), async (options) => {
    const { startWorker } = await import("./worker/start-worker.ts");
    return startWorker(options);
  }),
  dev: launcher(worker, async (options) => {
    const { startDevWorker } = await import("./worker/start-dev-worker.ts");
    return startDevWorker(options);
  }),
};

export type PartName = keyof typeof launchers;
export type PartOptions<Name extends PartName> = z.infer<(typeof launchers)[Name]["schema"]>;

export const partNames = Object.keys(launchers) as PartName[];

export function isPartName(name: string): name is PartName {
  return Object.hasOwn(launchers, name);
}
