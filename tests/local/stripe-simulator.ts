import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { Stripe } from "stripe";
import { startStripe, type StripeOptions } from "#local/stripe/start-stripe";
import { startWebhookServer } from "./webhook-server.ts";

export const SECRET_KEY = "sk_test_local";
export const PUBLISHABLE_KEY = "pk_test_local";
export const WEBHOOK_SECRET = "whsec_local";

export type Simulator = Awaited<ReturnType<typeof startSimulator>>;

export async function startSimulator(given: Partial<StripeOptions> = {}) {
  const stateFolder = given.stateFolder ?? (await mkdtemp(path.join(tmpdir(), "stripe-")));
  const service = await startStripe({
    port: 0,
    log: () => undefined,
    secretKey: SECRET_KEY,
    publishableKey: PUBLISHABLE_KEY,
    webhookSecret: WEBHOOK_SECRET,
    webhookBackoffScale: 0.002,
    ...given,
    stateFolder,
  });
  return {
    url: service.url,
    stateFolder,
    client: clientOf(service.url, SECRET_KEY),
    buyer: clientOf(service.url, PUBLISHABLE_KEY),
    steer: (path: string, body?: unknown) => steer(`${service.url}/_simulator/${path}`, body),
    stop: service.stop,
    stopAndForget: async () => {
      await service.stop();
      await rm(stateFolder, { recursive: true });
    },
  };
}

export function clientOf(url: string, key: string): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: "http",
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

async function steer(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  return response.json();
}

/** The shop's side of the webhooks: verifies with the official client and keeps what passed. */
export async function startReceiver() {
  const events: Stripe.Event[] = [];
  const refused: string[] = [];
  const statuses: number[] = [];
  const stripe = new Stripe(SECRET_KEY);
  const accept = async (request: IncomingMessage): Promise<number> => {
    const signature = String(request.headers["stripe-signature"] ?? "");
    try {
      const event = await stripe.webhooks.constructEventAsync(await text(request), signature, WEBHOOK_SECRET);
      events.push(event);
      return statuses.shift() ?? 200;
    } catch (refusal) {
      refused.push(String(refusal));
      return 400;
    }
  };
  const server = await startWebhookServer("/webhooks/stripe", accept);
  return {
    url: server.url,
    events,
    refused,
    /** What the next attempts are answered with, in order; 200 afterwards. */
    statuses,
    types: () => events.map(({ type }) => type),
    stop: server.stop,
  };
}

/** The error with which a call is refused. */
export async function refusalOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const outcome = await call.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  if (outcome instanceof Stripe.errors.StripeError) return outcome;
  throw new Error("The call was not refused by Stripe.");
}
