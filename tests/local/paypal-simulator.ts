import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { ApiError, CheckoutPaymentIntent, type OrderRequest } from "@paypal/paypal-server-sdk";
import { z } from "zod";
import { type EpochMs, currentTime } from "#core/time";
import { type PaypalOptions, startPaypal } from "#local/paypal/start-paypal";
import { PAYEE } from "#local/paypal/payee";
import { createPaypal, type PaypalSettings } from "#providers/paypal";
import { type PaypalEvent, verifyPaypalEvent } from "#providers/paypal-events";
import { startWebhookServer } from "./webhook-server.ts";

export const WEBHOOK_ID = "WEBHOOKLOCAL";
export const MERCHANT_ID = PAYEE.merchant_id;
export const CREDENTIALS = { clientId: "client-local", clientSecret: "secret-local" };

export type Simulator = Awaited<ReturnType<typeof startSimulator>>;

export async function startSimulator(given: Partial<PaypalOptions> = {}) {
  const stateFolder = given.stateFolder ?? (await mkdtemp(path.join(tmpdir(), "paypal-")));
  const service = await startPaypal({
    port: 0,
    log: () => undefined,
    ...CREDENTIALS,
    webhookId: WEBHOOK_ID,
    webhookBackoffScale: 0.002,
    ...given,
    stateFolder,
  });
  const settings: PaypalSettings = { ...CREDENTIALS, merchantId: MERCHANT_ID, apiUrl: service.url };
  return {
    url: service.url,
    stateFolder,
    settings,
    client: createPaypal(settings),
    steer: (action: string, body?: unknown) => steer(`${service.url}/_simulator/${action}`, body),
    approve: (id: string, payer?: string) =>
      steer(`${service.url}/_simulator/orders/${id}/approve`, payer === undefined ? {} : { payer }),
    stop: service.stop,
    stopAndForget: async () => {
      await service.stop();
      await rm(stateFolder, { recursive: true });
    },
  };
}

async function steer(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  return response.json();
}

/** An order of one unit, to be authorised unless said otherwise. */
export function orderOf(
  given: { value?: string; currency?: string; intent?: CheckoutPaymentIntent; invoiceId?: string } = {},
): OrderRequest {
  const { value = "25.00", currency = "USD", intent = CheckoutPaymentIntent.Authorize, invoiceId } = given;
  return {
    intent,
    purchaseUnits: [
      {
        referenceId: "order-1",
        customId: "attempt-1",
        amount: { currencyCode: currency, value },
        ...(invoiceId === undefined ? {} : { invoiceId }),
      },
    ],
  };
}

/** Creates an order that the buyer approves; the id of it. */
export async function approvedOrder(
  { client, approve }: Simulator,
  given: Parameters<typeof orderOf>[0] & { payer?: string } = {},
): Promise<string> {
  const { id } = await client.ask(({ orders }) => orders.createOrder({ body: orderOf(given) }));
  await approve(textOf(id), given.payer);
  return textOf(id);
}

/** The id of the authorisation of an order that was approved. */
export async function authorize(
  { client }: Simulator,
  orderId: string,
): Promise<{ authorizationId: string }> {
  const order = await client.ask(({ orders }) => orders.authorizeOrder({ id: orderId }));
  return { authorizationId: textOf(order.purchaseUnits?.[0]?.payments?.authorizations?.[0]?.id) };
}

const Token = z.object({ access_token: z.string() });

/** For calls that PayPal's client does not know. */
export async function tokenOf({ url }: Simulator): Promise<string> {
  const { clientId, clientSecret } = CREDENTIALS;
  const response = await fetch(`${url}/v1/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  return Token.parse(await response.json()).access_token;
}

export function textOf(value: string | null | undefined): string {
  return z.string().parse(value);
}

const Refusal = z.looseObject({
  name: z.string(),
  debug_id: z.string(),
  details: z.array(z.looseObject({ issue: z.string() })).optional(),
});

/** With which status and issue a call is refused. */
export async function refusalOf(call: Promise<unknown>) {
  const outcome = await call.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  if (!(outcome instanceof ApiError)) throw new Error(`The call was not refused: ${String(outcome)}`);
  const body = Refusal.parse(JSON.parse(z.string().parse(outcome.body)));
  return { status: outcome.statusCode, name: body.name, issue: body.details?.[0]?.issue };
}

/** The shop's side of the webhooks: verifies as the Worker does and keeps what passed. */
export async function startReceiver(webhookId: string = WEBHOOK_ID) {
  const events: PaypalEvent[] = [];
  const received: { body: string; headers: Headers }[] = [];
  const refused: string[] = [];
  const statuses: number[] = [];
  let apiUrl = "";
  const accept = async (request: IncomingMessage): Promise<number> => {
    const headers = new Headers(z.record(z.string(), z.string()).parse(request.headers));
    const signed = { body: await text(request), headers };
    received.push(signed);
    const event = await verifyPaypalEvent({ webhookId, apiUrl }, signed, currentTime());
    if (event === undefined) {
      refused.push(signed.body);
      return 400;
    }
    events.push(event);
    return statuses.shift() ?? 200;
  };
  const server = await startWebhookServer("/webhooks/paypal", accept);
  return {
    url: server.url,
    events,
    received,
    refused,
    /** What the next attempts are answered with, in order; 200 afterwards. */
    statuses,
    /** From where certificates are trusted. */
    trust: (url: string) => {
      apiUrl = url;
    },
    types: () => events.map((event) => event.event_type),
    stop: server.stop,
  };
}

export function hoursAhead(hours: number): EpochMs {
  return (currentTime() + hours * 3_600_000) as EpochMs;
}
