import type { IncomingMessage, ServerResponse } from "node:http";
import { close, createHttpServer, listen, readBody, sendJson } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { type Api, createApi } from "./api.ts";
import { createClock } from "./clock.ts";
import { clearTables, openDatabase } from "./database.ts";
import { createDeliveryTable } from "./delivery-table.ts";
import { createFaultSettings } from "./faults.ts";
import { createObjectStore } from "./object-store.ts";
import { answerPage } from "./page-routes.ts";
import type { Simulation } from "./simulation.ts";
import { steer, type SteeringDependencies } from "./steering.ts";
import { createTimerAlarm } from "./timer-alarm.ts";
import { createTimerTable } from "./timers.ts";
import { configureEndpoint } from "./webhook-endpoints.ts";
import { createWebhookSender } from "./webhook-sender.ts";

const BODY_BYTES_MAX = 1024 * 1024;

export type StripeOptions = ServiceOptions & {
  secretKey: string;
  publishableKey: string;
  /** Without it events are recorded but nobody is told, unless endpoints are created by the API. */
  webhookUrl?: string;
  webhookSecret: string;
  /** Multiplies the pauses between attempts to deliver a webhook: 5 s, 15 s, 45 s, … at 1. */
  webhookBackoffScale?: number;
};

/** Stripe's API, webhooks and payment pages, remembered in the state folder across restarts and kills. */
export async function startStripe(options: StripeOptions): Promise<RunningService> {
  const simulation = openSimulation(options);
  const endpoint = { url: options.webhookUrl, secret: options.webhookSecret };
  configureEndpoint(simulation, endpoint);

  const { webhookBackoffScale: backoffScale = 1, log } = options;
  const sender = createWebhookSender(simulation, { backoffScale, log });
  const alarm = createTimerAlarm(simulation, sender.poke);
  const steering: SteeringDependencies = {
    simulation,
    wake: alarm.wake,
    reset: () => {
      clearTables(simulation.database);
      simulation.faults.reset();
      simulation.clock.reset();
      configureEndpoint(simulation, endpoint);
    },
  };
  const api = createApi(simulation, options);
  const server = createHttpServer({ answer: (...exchange) => respond({ api, steering }, ...exchange), log });
  const url = await listen(server, options.port);
  alarm.wake();

  return {
    url,
    stop: async () => {
      alarm.stop();
      await close(server);
      await sender.stop();
      simulation.database.close();
    },
  };
}

function openSimulation({ stateFolder }: StripeOptions): Simulation {
  const database = openDatabase(stateFolder);
  return {
    database,
    store: createObjectStore(database),
    timers: createTimerTable(database),
    deliveries: createDeliveryTable(database),
    faults: createFaultSettings(database),
    clock: createClock(database),
  };
}

type Parts = { api: Api; steering: SteeringDependencies };
type Received = { method: string; url: URL; body: string; request: IncomingMessage };

async function respond(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const origin = `http://${request.headers.host ?? "127.0.0.1"}`;
  const url = new URL(request.url ?? "/", origin);
  const body = (await readBody(request, BODY_BYTES_MAX)).toString("utf8");
  const received = { method: request.method ?? "GET", url, body, request };
  if (url.pathname.startsWith("/_simulator/")) {
    const { status, body: answer } = steer(parts.steering, {
      ...received,
      path: url.pathname,
      query: url.searchParams,
    });
    sendJson(response, status, answer);
    return;
  }
  if (url.pathname.startsWith("/v1/")) {
    await respondFromApi(parts, received, response);
    return;
  }
  respondWithPage(parts, received, response);
}

/** Stripe's own script calls the API from the shop's pages, so any origin may. */
const OPEN_TO_BROWSERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, stripe-version",
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-expose-headers": "request-id, idempotent-replayed",
};

async function respondFromApi(
  { api, steering }: Parts,
  { method, url, body, request }: Received,
  response: ServerResponse,
): Promise<void> {
  if (method === "OPTIONS") {
    response.writeHead(204, OPEN_TO_BROWSERS).end();
    return;
  }
  const answer = await api({
    method,
    path: url.pathname,
    query: url.search.slice(1),
    body,
    origin: url.origin,
    authorization: request.headers.authorization,
    idempotencyKey: headerText(request.headers["idempotency-key"]),
    version: headerText(request.headers["stripe-version"]),
  });
  steering.wake();
  if (answer.isLost) {
    request.socket.destroy();
    return;
  }
  const type = { "content-type": "application/json" };
  response.writeHead(answer.status, { ...type, ...OPEN_TO_BROWSERS, ...answer.headers });
  response.end(answer.body);
}

function respondWithPage(
  { steering }: Parts,
  { method, url, body }: Received,
  response: ServerResponse,
): void {
  const page = answerPage(steering.simulation, { method, path: url.pathname, body, origin: url.origin });
  steering.wake();
  if (page === undefined) {
    sendJson(response, 404, { error: "There is no such page." });
    return;
  }
  if ("redirectTo" in page) {
    response.writeHead(303, { location: page.redirectTo }).end();
    return;
  }
  response.writeHead(page.status, { "content-type": "text/html; charset=utf-8" }).end(page.html);
}

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
