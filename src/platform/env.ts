import type { CartObject } from "#durable-objects/cart/object";
import type { InventoryObject } from "#durable-objects/inventory/object";
import type { LimitsObject } from "#durable-objects/limits/object";
import type { RoomObject } from "#durable-objects/rooms/room";
import { z } from "zod";
import { Currency } from "#core/money";
import { ProviderList } from "#providers/sign-in-provider";
import { OrderDatabases, OrderShards, primaryHome, shardCount } from "./order-shards.ts";
import { EncryptionKeys } from "./sealed-text.ts";

/** What the runtime binds to the Worker: Durable Object namespaces, and every setting and secret as text. */
export type Bindings = {
  readonly INVENTORY: DurableObjectNamespace<InventoryObject>;
  readonly CARTS: DurableObjectNamespace<CartObject>;
  readonly LIMITS: DurableObjectNamespace<LimitsObject>;
  readonly ROOMS: DurableObjectNamespace<RoomObject>;
  readonly [setting: string]: unknown;
};

const secret = z.string().min(8);
const urlList = z
  .string()
  .transform((text) => text.split(",").filter(Boolean))
  .pipe(z.array(z.url()));

const originList = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .transform((origins) => origins.filter(Boolean))
  .pipe(
    z.array(
      z.url({ protocol: /^https?$/ }).refine((url) => new URL(url).origin === url, "must be an origin"),
    ),
  );

/** A text that is not JSON is refused by the schema that comes after. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const PublicJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: z.string(),
});

/**
 * JSON of ACCESS_TOKEN_KEYS. The first key signs. The others only verify, so their public halves are enough: the next
 * key, published before it signs, and the former one, until its last token has expired.
 */
export const AccessTokenKeys = z.tuple(
  [PublicJwk.extend({ d: z.string() })],
  PublicJwk.extend({ d: z.string().optional() }),
);

const objectNamespace = z.custom<object>(
  (binding) => typeof binding === "object" && binding !== null && "idFromName" in binding,
  "must be bound to a class of Durable Objects",
);

const requestsPerMinute = z.coerce.number().int().min(1).max(1_000_000);
const returnUrlList = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .transform((urls) => urls.filter(Boolean))
  .pipe(
    z.array(
      z
        .url({ protocol: /^https?$/ })
        .refine((url) => !/[?#]/.test(url), "must have neither query nor fragment")
        .transform((url) => new URL(url).href),
    ),
  );

const Settings = z.object({
  ENVIRONMENT: z.enum(["local", "test", "staging", "production"]),
  SHOP_NAME: z.string().min(1),
  SHOP_CURRENCY: Currency,
  PUBLIC_URL: z.url(),

  /** Comma-separated origins whose pages may call the API from a browser; none by default. */
  CORS_ORIGINS: originList.default([]),
  /** Multiplies every limit that is not one on failed attempts; load tests and test suites come from one address. */
  RATE_LIMIT_SCALE: z.coerce.number().min(1).max(100_000).default(1),
  /** What one IPv4 address or IPv6 /64 may spend in a minute, where a plain read costs one. */
  RATE_LIMIT_ADDRESS: requestsPerMinute.default(1_200),
  /** The same for an IPv6 /48, which may hold 65,536 of the former. */
  RATE_LIMIT_SITE: requestsPerMinute.default(6_000),
  /** The same for an account, from wherever it signs in. */
  RATE_LIMIT_ACCOUNT: requestsPerMinute.default(1_200),
  /** Tokens and signatures that were refused, of one address in a minute. */
  RATE_LIMIT_BAD_CREDENTIALS: requestsPerMinute.default(300),

  /** Where the shop's pages are; mails lead to them. Unset, mails carry codes to be typed in. */
  STOREFRONT_URL: z.url().optional(),

  DATABASE_URL: z.url(),
  /** Comma-separated connection strings of the read replicas; empty means that reads go to the primary. */
  DATABASE_REPLICA_URLS: urlList.default([]),
  /**
   * JSON array of `{ name, url }`: databases in which orders live besides the primary, which is called "home" there. None
   * by default; ORDER_SHARDS says which has which.
   */
  ORDER_DATABASES: z.string().transform(parseJson).pipe(OrderDatabases).default([]),
  /** Which database has the orders of which shards, such as `0-511=home,512-1023=east`; by default all are at home. */
  ORDER_SHARDS: OrderShards.default(Array.from({ length: shardCount }, () => primaryHome)),
  /** Replicas that are further behind the primary than this are not asked. */
  REPLICA_LAG_SECONDS_MAX: z.coerce.number().min(1).max(300).default(5),
  /** The SQL-over-HTTP endpoint in front of Postgres; unset, Neon's own is derived from the host name. */
  NEON_FETCH_ENDPOINT: z.url().optional(),

  UPSTASH_REDIS_REST_URL: z.url(),
  UPSTASH_REDIS_REST_TOKEN: secret,
  QSTASH_URL: z.url(),
  QSTASH_TOKEN: secret,
  QSTASH_CURRENT_SIGNING_KEY: secret,
  QSTASH_NEXT_SIGNING_KEY: secret,
  MEILISEARCH_URL: z.url(),
  MEILISEARCH_API_KEY: secret,

  STRIPE_SECRET_KEY: secret,
  STRIPE_PUBLISHABLE_KEY: secret,
  STRIPE_WEBHOOK_SECRET: secret,
  /** The connected account that payments are for; unset, the one that the secret key belongs to. */
  STRIPE_ACCOUNT_ID: z
    .string()
    .regex(/^acct_\w+$/)
    .optional(),
  /** Base URL of the Stripe API; unset, Stripe's own. */
  STRIPE_API_URL: z.url().optional(),

  PAYPAL_CLIENT_ID: secret.optional(),
  PAYPAL_CLIENT_SECRET: secret.optional(),
  /** The id under which PayPal knows our webhook; its signatures are made for it. */
  PAYPAL_WEBHOOK_ID: secret.optional(),
  /** PayPal's id of the account that is paid; what pays any other is not ours. */
  PAYPAL_MERCHANT_ID: secret.optional(),
  /** Base URL of the PayPal API, such as the sandbox's; unset, PayPal's own. Certificates come from its host only. */
  PAYPAL_API_URL: z.url().optional(),

  /** Whether buyers may promise to pay by bank transfer or on delivery: that holds stock without any money. */
  MANUAL_PAYMENTS: z.enum(["on", "off"]).default("off"),

  /** Whether staff who hold dangerous permissions must sign in with an authenticator app or a passkey. */
  STAFF_MFA: z.enum(["required", "optional"]).default("required"),
  /**
   * Refunds ask for a fresh proof of who gives them when more than this has gone back of a payment, in minor units of
   * SHOP_CURRENCY. Programs, which can prove nothing, are refused beyond it.
   */
  REFUND_STEP_UP_ABOVE: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(50_000),

  /**
   * JSON array of Ed25519 JWKs with `kid`. The first is private and signs; all of them verify and are published, so the
   * others may be public halves. To change keys, add the next one as the last, after a day make it the first, and drop
   * the former one after another.
   */
  ACCESS_TOKEN_KEYS: z.string().refine((text) => AccessTokenKeys.safeParse(parseJson(text)).success, {
    message: "must be a JSON array of Ed25519 keys with a kid each, the first of them private",
  }),
  /** Keys cart tokens, order tokens, cursors and live tickets. */
  TOKEN_SECRET: z.string().min(32),
  /**
   * What TOKEN_SECRET was before; what it signed stays good while this is set. To change the secret, set both at once, and
   * drop this one when guests' orders of that time are old enough; where the secret has leaked, at once.
   */
  TOKEN_SECRET_FORMER: z.string().min(32).optional(),
  /** JSON array of `{ kid, key }`, a key being 32 bytes in base64url; the first seals secrets at rest, all open them. */
  ENCRYPTION_KEYS: z.string().transform(parseJson).pipe(EncryptionKeys),
  /** JSON array of who may vouch for customers: Google, GitHub, other issuers of OpenID Connect. */
  OAUTH_PROVIDERS: z.string().transform(parseJson).pipe(ProviderList).default([]),
  /** Comma-separated addresses of the shop's pages that a sign-in at a provider may lead back to. */
  SIGN_IN_RETURN_URLS: returnUrlList.default([]),
  /** The domain that passkeys are good for, such as the shop's; unset, this API's own host. */
  PASSKEY_RP_ID: z.string().min(1).optional(),
  /** Comma-separated origins of the pages on which they are used; unset, this API's own. */
  PASSKEY_ORIGINS: originList.default([]),
  /** scrypt's parallelism; one in tests, where hashing would dominate. */
  PASSWORD_SCRYPT_PARALLELISM: z.coerce.number().int().min(1).max(16).default(5),

  /**
   * Months of orders are archived when they are older than so many months and nothing of them is unfinished; unset,
   * never. 18 at least: disputes come late.
   */
  ORDER_RETENTION_MONTHS: z.coerce.number().int().min(18).max(1_200).optional(),

  MAIL_API_URL: z.url(),
  MAIL_API_KEY: secret,
  MAIL_FROM: z.email(),
  SENTRY_DSN: z.url().optional(),
  RELEASE: z.string().default("unreleased"),
});
export type Settings = z.infer<typeof Settings>;

/** Everything that a Worker is deployed with. */
const Deployment = Settings.extend({
  INVENTORY: objectNamespace,
  CARTS: objectNamespace,
  LIMITS: objectNamespace,
  ROOMS: objectNamespace,
});
export const bindingNames: readonly string[] = Object.keys(Deployment.shape);

/** The Worker lacks bindings, or has some that cannot be right. Names them; never says what their values are. */
export class MisconfiguredError extends Error {
  readonly bindings: readonly string[];

  constructor(bindings: readonly string[], faults: readonly string[]) {
    super(
      `The Worker's settings are incomplete. Set each with "wrangler secret put NAME" or in wrangler.toml: ${faults.join("; ")}`,
    );
    this.name = "MisconfiguredError";
    this.bindings = bindings;
  }
}

/** Settings that are long and no secret: what is wrong with them is said. */
const reasoned = new Set(["ORDER_SHARDS"]);

const parsed = new WeakMap<object, Settings>();

/**
 * The settings of this Worker, checked once per isolate.
 * @throws MisconfiguredError that names every binding that is missing or malformed.
 */
export function settingsOf(bindings: Bindings): Settings {
  const known = parsed.get(bindings);
  if (known) return known;
  const result = Deployment.safeParse(bindings);
  if (!result.success) throw misconfigured(bindings, result.error.issues);
  refuseUnknownHomes(result.data);
  parsed.set(bindings, result.data);
  return result.data;
}

function refuseUnknownHomes({ ORDER_DATABASES: databases, ORDER_SHARDS: homes }: Settings): void {
  const known = new Set([primaryHome, ...databases.map(({ name }) => name)]);
  const unknown = homes.find((home) => !known.has(home));
  if (unknown === undefined) return;
  const fault = `ORDER_SHARDS names "${unknown}", which ORDER_DATABASES does not`;
  throw new MisconfiguredError(["ORDER_SHARDS"], [fault]);
}

function misconfigured(bindings: Bindings, issues: readonly z.core.$ZodIssue[]): MisconfiguredError {
  const names = [...new Set(issues.map(({ path }) => String(path[0])))];
  const faults = names.map((name) => {
    if (bindings[name] === undefined) return `${name} is missing`;
    const reason = reasoned.has(name) ? issues.find(({ path }) => path[0] === name)?.message : undefined;
    return reason === undefined ? `${name} is malformed` : `${name} is malformed: ${reason}`;
  });
  return new MisconfiguredError(names, faults);
}
