import { Redis } from "@upstash/redis/cloudflare";
import type { Meilisearch } from "meilisearch";
import type { Stripe } from "stripe";
import { newId } from "#core/ids";
import type { Principal } from "#core/principal";
import { type EpochMs, currentTime } from "#core/time";
import type { TransactionId } from "#core/transaction-id";
import { type ReportError, createErrorsSink } from "#providers/errors-sink";
import { type Mail, sendMail } from "#providers/mail";
import type { PaymentGateway } from "#providers/payment-gateway";
import type { PaymentRecords } from "#providers/payment-records";
import { type Paypal, createPaypal } from "#providers/paypal";
import { paypalPayments } from "#providers/paypal-payments";
import { paypalRecords } from "#providers/paypal-records";
import { type Queue, createQueue } from "#providers/queue";
import { createSearch } from "#providers/search";
import type { SignInProvider } from "#providers/sign-in-provider";
import { createStripe, modeOfStripeKey } from "#providers/stripe";
import { stripePayments } from "#providers/stripe-payments";
import { stripeRecords } from "#providers/stripe-records";
import type { OutsideProvider } from "#core/payment-facts";
import type { Seeing } from "./consistency.ts";
import { type Databases, connectDatabases } from "./database.ts";
import { type Bindings, type Settings, settingsOf } from "./env.ts";
import type { PendingAnswer } from "./idempotency.ts";
import { type Log, createLog, errorFields } from "./log.ts";
import { type Objects, createObjects } from "./objects.ts";
import { createSignInProviders } from "./sign-in-providers.ts";

/** Clients of outside services: stateless over HTTP, made once per isolate. */
type Services = {
  readonly cache: Redis;
  readonly queue: Queue;
  readonly search: Meilisearch;
  readonly stripe: Stripe;
  /** The providers that take money, by name. */
  readonly payments: Readonly<Partial<Record<OutsideProvider, PaymentGateway>>>;
  /** The same providers' own records. */
  readonly paymentRecords: Readonly<Partial<Record<OutsideProvider, PaymentRecords>>>;
  readonly sendMail: (mail: Mail) => Promise<void>;
  /** Who may vouch for customers, by name. */
  readonly signInProviders: ReadonlyMap<string, SignInProvider>;
};

/** What every verb is given: who asks, the time, the stores and services, and the ways to report. */
export type Context = Services & {
  readonly bindings: Bindings;
  readonly settings: Settings;
  readonly databases: Databases;
  readonly objects: Objects;
  readonly principal: Principal;
  /** The write under way that a client may repeat; see platform/idempotency. */
  readonly idempotency?: PendingAnswer;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  /** The key to a guest's cart that came with the request. */
  readonly cartToken: string | undefined;
  /** Where the request came from, as the edge says; undefined where nothing stands in front of the Worker. */
  readonly clientAddress: string | undefined;
  readonly counts: { databaseCalls: number; objectCalls: number; passwordHashings: number };
  /** What the reader has written before and has to see; see readNearby. */
  readonly mustSee?: Seeing;
  /** The transactions in which this request wrote, as they were committed. */
  readonly written: TransactionId[];
  /** The same in databases of orders besides the primary. */
  readonly writtenElsewhere: TransactionId[];
  readonly log: Log;
  readonly reportError: ReportError;
  readonly now: () => EpochMs;
  /** Work that may be lost: wake-ups and cache fills. What must happen is an outbox row. */
  readonly afterResponse: (work: Promise<unknown>) => void;
  /** Asks for the outbox to be drained soon; call it after a commit that recorded events. */
  readonly wakeOutbox: () => void;
  /** The request is over: its wake-ups of the outbox, if there were any, become one. */
  readonly releaseWakeUps: () => void;
};

type Invocation = {
  bindings: Bindings;
  executionContext: { waitUntil: (promise: Promise<unknown>) => void };
  request?: Request;
  requestId?: string;
  traceparent?: string | undefined;
  principal?: Principal;
  /** Whether wake-ups of the outbox wait until they are released. */
  holdsWakeUps?: boolean;
  /** Drains the outbox; given by the entry, which knows the consumers. */
  drainOutbox: (context: Context) => Promise<unknown>;
};

/** Builds the context of one request, delivery or sweep: the composition root. */
export function createContext(invocation: Invocation): Context {
  const { bindings, executionContext } = invocation;
  const settings = settingsOf(bindings);
  const counts = { databaseCalls: 0, objectCalls: 0, passwordHashings: 0 };
  const written: TransactionId[] = [];
  const writtenElsewhere: TransactionId[] = [];
  const watches = mayWrite(invocation.request);
  const requestId = invocation.requestId ?? newId("request", currentTime());
  const log = createLog({ request_id: requestId });
  const reportError = createErrorsSink(
    { dsn: settings.SENTRY_DSN, environment: settings.ENVIRONMENT, release: settings.RELEASE },
    invocation,
  );
  const afterResponse = (work: Promise<unknown>) =>
    executionContext.waitUntil(
      work.catch((error: unknown) => log("warn", "work after the response failed", errorFields(error))),
    );
  const { request, ...invocationOfNobody } = invocation;
  const context: Context = {
    ...servicesOf(settings),
    bindings,
    settings,
    databases: connectDatabases(settings, {
      onCall: () => counts.databaseCalls++,
      onWrite: watches ? (transaction) => written.push(transaction) : undefined,
      onWriteElsewhere: watches ? (transaction) => writtenElsewhere.push(transaction) : undefined,
    }),
    objects: createObjects(bindings, () => counts.objectCalls++),
    principal: invocation.principal ?? { kind: "guest" },
    requestId,
    traceparent: invocation.traceparent,
    cartToken: request?.headers.get("cart-token") ?? undefined,
    clientAddress: request?.headers.get("cf-connecting-ip") ?? undefined,
    counts,
    written,
    writtenElsewhere,
    log,
    reportError,
    now: currentTime,
    afterResponse,
    ...wakeUpsOf(invocation.holdsWakeUps ?? false, () => {
      // The drain is nobody's request: it acts as the system and counts its own calls.
      const principal = { kind: "system" } as const;
      const system = createContext({ ...invocationOfNobody, requestId, principal, holdsWakeUps: false });
      afterResponse(invocation.drainOutbox(system));
    }),
  };
  return context;
}

/** Deliveries and sweeps tell nobody what they wrote. */
function mayWrite(request: Request | undefined): boolean {
  return request !== undefined && request.method !== "GET" && request.method !== "HEAD";
}

/** While a request changes one thing after another, a drain would only compete with it: it is woken once, at the end. */
function wakeUpsOf(holds: boolean, wake: () => void): Pick<Context, "wakeOutbox" | "releaseWakeUps"> {
  let held = holds;
  let asked = false;
  return {
    wakeOutbox: () => {
      asked = true;
      if (!held) wake();
    },
    releaseWakeUps: () => {
      if (held && asked) wake();
      held = false;
    },
  };
}

/** The same context for a principal that became known, or for the system acting on somebody's behalf. */
export function actingAs(context: Context, principal: Principal): Context {
  return { ...context, principal };
}

const cacheRetryPauseMs = 25;

const services = new WeakMap<Settings, Services>();

function servicesOf(settings: Settings): Services {
  const known = services.get(settings);
  if (known) return known;
  const stripe = createStripe({
    secretKey: settings.STRIPE_SECRET_KEY,
    webhookSecret: settings.STRIPE_WEBHOOK_SECRET,
    apiUrl: settings.STRIPE_API_URL,
  });
  const paypal = paypalOf(settings);
  const made: Services = {
    cache: new Redis({
      url: settings.UPSTASH_REDIS_REST_URL,
      token: settings.UPSTASH_REDIS_REST_TOKEN,
      enableTelemetry: false,
      // What is cached can be read elsewhere, and what is counted can be counted elsewhere: better soon than here.
      retry: { retries: 1, backoff: () => cacheRetryPauseMs },
    }),
    queue: createQueue({
      url: settings.QSTASH_URL,
      token: settings.QSTASH_TOKEN,
      currentSigningKey: settings.QSTASH_CURRENT_SIGNING_KEY,
      nextSigningKey: settings.QSTASH_NEXT_SIGNING_KEY,
      publicUrl: settings.PUBLIC_URL,
    }),
    search: createSearch({ url: settings.MEILISEARCH_URL, apiKey: settings.MEILISEARCH_API_KEY }),
    stripe,
    payments: {
      stripe: stripePayments(stripe, {
        mode: modeOfStripeKey(settings.STRIPE_SECRET_KEY),
        account: settings.STRIPE_ACCOUNT_ID ?? null,
      }),
      ...(paypal === undefined ? {} : { paypal: paypalPayments(paypal) }),
    },
    paymentRecords: {
      stripe: stripeRecords(stripe),
      ...(paypal === undefined ? {} : { paypal: paypalRecords(paypal) }),
    },
    sendMail: (mail) =>
      sendMail(
        { apiUrl: settings.MAIL_API_URL, apiKey: settings.MAIL_API_KEY, from: settings.MAIL_FROM },
        mail,
      ),
    signInProviders: createSignInProviders(settings.OAUTH_PROVIDERS),
  };
  services.set(settings, made);
  return made;
}

/** The client of Redis that every context of these settings has. */
export function cacheOf(settings: Settings): Redis {
  return servicesOf(settings).cache;
}

/** PayPal is offered where all of its settings are there. */
function paypalOf(settings: Settings): Paypal | undefined {
  const {
    PAYPAL_CLIENT_ID: clientId,
    PAYPAL_CLIENT_SECRET: clientSecret,
    PAYPAL_WEBHOOK_ID: webhookId,
    PAYPAL_MERCHANT_ID: merchantId,
    PAYPAL_API_URL: apiUrl,
  } = settings;
  if (clientId === undefined || clientSecret === undefined) return undefined;
  if (webhookId === undefined || merchantId === undefined) return undefined;
  return createPaypal({ clientId, clientSecret, merchantId, apiUrl });
}
