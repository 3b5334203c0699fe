import { join } from "node:path";
import { webhookEventTypes } from "#features/payments/event-types";
import { keepSecrets, LOCAL_CREDENTIALS } from "./credentials.ts";
import { partNames, type PartName, type PartOptions } from "./part-launchers.ts";
import { choosePorts, type Ports } from "./ports.ts";
import { LOCAL_LOGIN } from "./postgres/settings.ts";
import { readRelease } from "./project.ts";
import { findMeilisearch } from "./search/start-search.ts";
import type { StackSettings } from "./stack-settings.ts";

/** Waits of minutes and hours between retries become seconds. */
const RETRY_DELAY_SCALE = 0.1;

const PRIMARY_HOST = "primary.tradewind.localhost";
const REPLICA_HOST = "replica.tradewind.localhost";

export type Addresses = {
  api: string;
  services: {
    postgres: string;
    replica: string;
    neon: string;
    redis: string;
    queue: string;
    search: string;
    stripe: string;
    paypal: string;
    identity: string;
    mail: string;
    sentry: string;
  };
};

/** Where a front end of the shop usually runs on a developer's machine. */
const SHOP_PAGES = ["http://localhost:3000/signed-in", "http://127.0.0.1:3000/signed-in"];

/** What serves the API: the finished bundle, or the sources as they change. */
export const workerNames = ["worker", "dev"] as const;
export type WorkerName = (typeof workerNames)[number];

/** The parts that the Worker needs. */
export type ServiceName = Exclude<PartName, WorkerName>;
export const serviceNames = partNames.filter((name): name is ServiceName => !isWorkerName(name));

export function isWorkerName(name: PartName): name is WorkerName {
  return workerNames.some((worker) => worker === name);
}

/** Who listens where with which options: decided before anything starts, so that all parts can start at once. */
export type StackPlan = {
  ports: Ports;
  addresses: Addresses;
  services: { [Name in ServiceName]: PartOptions<Name> };
  /** What the Worker is bound to, beside its Durable Objects and the vars of wrangler.toml. */
  workerSettings: Record<string, string>;
};

/** Chooses the ports, keeps the secrets and works out the rest from them. */
export async function planStack(settings: StackSettings): Promise<StackPlan> {
  const [ports, secrets, release] = await Promise.all([
    choosePorts({ api: settings.apiPort, services: settings.servicesPort }),
    keepSecrets(settings.stateFolder),
    readRelease(),
  ]);
  const addresses = planAddresses(ports);
  const search = findMeilisearch(settings.searchEnvironment);
  if (search.kind === "remote") addresses.services.search = search.url;
  return {
    ports,
    addresses,
    services: planServices({ addresses, ports, settings }),
    workerSettings: {
      ...planWorkerSettings(addresses),
      ...(search.kind === "remote" ? { MEILISEARCH_API_KEY: search.apiKey } : {}),
      ...secrets,
      RELEASE: release,
      ...settings.workerSettings,
    },
  };
}

function planAddresses(ports: Ports): Addresses {
  const http = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    api: http(ports.api),
    services: {
      postgres: localDatabaseUrl(ports.postgres),
      replica: localDatabaseUrl(ports.replica),
      neon: http(ports.neon),
      redis: http(ports.redis),
      queue: http(ports.queue),
      search: http(ports.search),
      stripe: http(ports.stripe),
      paypal: http(ports.paypal),
      identity: http(ports.identity),
      mail: http(ports.mail),
      sentry: http(ports.sentry),
    },
  };
}

/** For the local Postgres itself, without the Neon endpoint in between. */
export function localDatabaseUrl(port: number): string {
  return databaseUrl("127.0.0.1", port);
}

function databaseUrl(host: string, port?: number): string {
  const { user, password, database } = LOCAL_LOGIN;
  return `postgresql://${user}:${password}@${host}${port === undefined ? "" : `:${port}`}/${database}`;
}

type Layout = { addresses: Addresses; ports: Ports; settings: StackSettings };

function planServices({ addresses, ports, settings }: Layout): StackPlan["services"] {
  const { stateFolder, searchEnvironment } = settings;
  const place = (name: ServiceName) => ({ port: ports[name], stateFolder: join(stateFolder, name) });
  const local = LOCAL_CREDENTIALS;
  return {
    postgres: { ...place("postgres"), replicaPort: ports.replica },
    neon: {
      ...place("neon"),
      hosts: {
        [PRIMARY_HOST]: { host: "127.0.0.1", port: ports.postgres },
        [REPLICA_HOST]: { host: "127.0.0.1", port: ports.replica },
      },
    },
    redis: { ...place("redis"), token: local.redisToken },
    queue: {
      ...place("queue"),
      token: local.queueToken,
      currentSigningKey: local.queueCurrentSigningKey,
      nextSigningKey: local.queueNextSigningKey,
      retryDelayScale: RETRY_DELAY_SCALE,
    },
    search: { ...place("search"), masterKey: local.searchApiKey, environment: searchEnvironment },
    stripe: {
      ...place("stripe"),
      secretKey: local.stripeSecretKey,
      publishableKey: local.stripePublishableKey,
      webhookUrl: `${addresses.api}/webhooks/stripe`,
      webhookSecret: local.stripeWebhookSecret,
      webhookEvents: webhookEventTypes.stripe,
      webhookBackoffScale: RETRY_DELAY_SCALE,
    },
    paypal: {
      ...place("paypal"),
      clientId: local.paypalClientId,
      clientSecret: local.paypalClientSecret,
      webhookUrl: `${addresses.api}/webhooks/paypal`,
      webhookId: local.paypalWebhookId,
      webhookEvents: webhookEventTypes.paypal,
      webhookBackoffScale: RETRY_DELAY_SCALE,
    },
    identity: {
      ...place("identity"),
      clientId: local.identityClientId,
      clientSecret: local.identityClientSecret,
      callbackUrl: {
        openid: `${addresses.api}/auth/oauth/local/callback`,
        github: `${addresses.api}/auth/oauth/github/callback`,
      },
    },
    mail: { ...place("mail"), apiKey: local.mailApiKey },
    sentry: { ...place("sentry"), publicKey: local.sentryPublicKey },
  };
}

function planWorkerSettings({ api, services }: Addresses): Record<string, string> {
  const local = LOCAL_CREDENTIALS;
  return {
    ENVIRONMENT: "local",
    MANUAL_PAYMENTS: "on",
    // The demo admin signs in by password alone; in production the staff proves more.
    STAFF_MFA: "optional",
    // Load tests and demos come from one address; the limits on failed attempts are what they are in production.
    RATE_LIMIT_SCALE: "1000",
    PUBLIC_URL: api,
    DATABASE_URL: databaseUrl(PRIMARY_HOST),
    DATABASE_REPLICA_URLS: databaseUrl(REPLICA_HOST),
    NEON_FETCH_ENDPOINT: `${services.neon}/sql`,
    UPSTASH_REDIS_REST_URL: services.redis,
    UPSTASH_REDIS_REST_TOKEN: local.redisToken,
    QSTASH_URL: services.queue,
    QSTASH_TOKEN: local.queueToken,
    QSTASH_CURRENT_SIGNING_KEY: local.queueCurrentSigningKey,
    QSTASH_NEXT_SIGNING_KEY: local.queueNextSigningKey,
    MEILISEARCH_URL: services.search,
    MEILISEARCH_API_KEY: local.searchApiKey,
    STRIPE_SECRET_KEY: local.stripeSecretKey,
    STRIPE_PUBLISHABLE_KEY: local.stripePublishableKey,
    STRIPE_WEBHOOK_SECRET: local.stripeWebhookSecret,
    STRIPE_API_URL: services.stripe,
    PAYPAL_CLIENT_ID: local.paypalClientId,
    PAYPAL_CLIENT_SECRET: local.paypalClientSecret,
    PAYPAL_WEBHOOK_ID: local.paypalWebhookId,
    PAYPAL_MERCHANT_ID: local.paypalMerchantId,
    PAYPAL_API_URL: services.paypal,
    OAUTH_PROVIDERS: JSON.stringify(planSignInProviders(services.identity)),
    SIGN_IN_RETURN_URLS: SHOP_PAGES.join(","),
    // Browsers take no number for a domain.
    PASSKEY_RP_ID: "localhost",
    PASSKEY_ORIGINS: "http://localhost:3000",
    MAIL_API_URL: services.mail,
    MAIL_API_KEY: local.mailApiKey,
    SENTRY_DSN: `${services.sentry.replace("//", `//${local.sentryPublicKey}@`)}/1`,
  };
}

function planSignInProviders(identity: string) {
  const client = {
    client_id: LOCAL_CREDENTIALS.identityClientId,
    client_secret: LOCAL_CREDENTIALS.identityClientSecret,
  };
  return [
    { ...client, kind: "oidc", name: "local", issuer: identity },
    { ...client, kind: "github", web_url: `${identity}/github`, api_url: `${identity}/github` },
    { ...client, kind: "oidc", name: "contrary", issuer: `${identity}/contrary` },
  ];
}
