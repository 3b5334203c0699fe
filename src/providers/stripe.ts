import { Stripe } from "stripe";
import { currentTime, secondMs } from "#core/time";
import { fetchWithin } from "./fetch.ts";

export type StripeSettings = {
  secretKey: string;
  webhookSecret: string;
  /** Base URL of the API; undefined for Stripe's own. */
  apiUrl: string | undefined;
};

const stripeApiUrl = "https://api.stripe.com";

const requestDeadlineMs = 20_000;

/** Stripe's client retries connection faults with the same idempotency key by itself. */
const networkRetriesMax = 1;

export function createStripe(settings: StripeSettings): Stripe {
  return new Stripe(settings.secretKey, {
    httpClient: Stripe.createFetchHttpClient(
      fetchWithin({ origins: [settings.apiUrl ?? stripeApiUrl], deadlineMs: requestDeadlineMs }),
    ),
    timeout: requestDeadlineMs,
    maxNetworkRetries: networkRetriesMax,
    telemetry: false,
    ...(settings.apiUrl === undefined ? {} : addressOf(new URL(settings.apiUrl))),
  });
}

/** Test and live keys tell themselves apart, restricted ones too. */
export function modeOfStripeKey(secretKey: string): "live" | "test" {
  return /^[rs]k_live_/.test(secretKey) ? "live" : "test";
}

function addressOf(url: URL) {
  const protocol = url.protocol === "http:" ? ("http" as const) : ("https" as const);
  return { protocol, host: url.hostname, port: url.port || (protocol === "http" ? 80 : 443) };
}

const cryptoProvider = Stripe.createSubtleCryptoProvider();

/** Seconds by which a webhook's timestamp may differ from our clock. */
const webhookToleranceSeconds = 300;

/** The event that Stripe signed, or undefined when the signature does not match the raw body. */
export async function verifyStripeEvent(
  stripe: Stripe,
  webhookSecret: string,
  signed: { body: string; signature: string },
): Promise<Stripe.Event | undefined> {
  if (isFromTheFuture(signed.signature)) return undefined;
  try {
    return await stripe.webhooks.constructEventAsync(
      signed.body,
      signed.signature,
      webhookSecret,
      webhookToleranceSeconds,
      cryptoProvider,
    );
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return undefined;
    throw error;
  }
}

/** Stripe's client refuses old timestamps only; one from ahead could be kept and repeated until its time comes. */
function isFromTheFuture(signature: string): boolean {
  const timestamp = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
  return timestamp * secondMs > currentTime() + webhookToleranceSeconds * secondMs;
}
