import type { ServerResponse } from "node:http";
import { sendJson } from "../http-server.ts";
import type { RunningService } from "../service.ts";
import { sendAnswer } from "../simulator/api-answer.ts";
import { openSimulation } from "../simulator/simulation.ts";
import {
  headerText,
  type Received,
  type SimulatorOptions,
  startSimulator,
} from "../simulator/start-simulator.ts";
import { type Api, createApi } from "./api.ts";
import { runDueTimers, TIMER_KINDS } from "./due-timers.ts";
import { forgeEvent } from "./events.ts";
import { answerPage } from "./page-routes.ts";
import type { Simulation } from "./simulation.ts";
import { INDEXES } from "./stored-objects.ts";
import { configureEndpoint } from "./webhook-endpoints.ts";
import { prepareWebhook } from "./webhook-signature.ts";

export type StripeOptions = SimulatorOptions & {
  secretKey: string;
  publishableKey: string;
  /** Without it events are recorded but nobody is told, unless endpoints are created by the API. */
  webhookUrl?: string;
  webhookSecret: string;
  /** Which events that endpoint is told; all, if left out. */
  webhookEvents?: readonly string[];
};

/** Stripe's API, webhooks and payment pages, remembered in the state folder across restarts and kills. */
export function startStripe(options: StripeOptions): Promise<RunningService> {
  const { stateFolder, webhookUrl: url, webhookSecret: secret, webhookEvents = ["*"] } = options;
  const simulation: Simulation = openSimulation(
    { stateFolder, fileName: "stripe.sqlite" },
    {
      indexes: INDEXES,
      timerKinds: TIMER_KINDS,
      file: ({ id, object: name, created }) => ({ id, name, created }),
    },
  );
  const api = createApi(simulation, options);
  return startSimulator(options, {
    simulation,
    runDueTimers: () => runDueTimers(simulation),
    prepareWebhook: (delivery) => prepareWebhook(simulation, delivery),
    configure: () => configureEndpoint(simulation, { url, secret, events: [...webhookEvents] }),
    steering: {
      forge: (forgery) => forgeEvent(simulation, forgery),
      urlOfEndpoint: (id) => simulation.store.find("webhook_endpoint", id)?.url ?? null,
      extra: () => undefined,
    },
    respond: async (received, response, wake) => {
      const parts = { api, simulation, wake };
      if (received.url.pathname.startsWith("/v1/")) await respondFromApi(parts, received, response);
      else respondWithPage(parts, received, response);
    },
  });
}

type Parts = { api: Api; simulation: Simulation; wake: () => void };

/** Stripe's own script calls the API from the shop's pages, so any origin may. */
const OPEN_TO_BROWSERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, stripe-version",
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-expose-headers": "request-id, idempotent-replayed",
};

async function respondFromApi(
  { api, wake }: Parts,
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
  wake();
  sendAnswer(request, response, { ...answer, headers: { ...OPEN_TO_BROWSERS, ...answer.headers } });
}

function respondWithPage(
  { simulation, wake }: Parts,
  { method, url, body }: Received,
  response: ServerResponse,
): void {
  const page = answerPage(simulation, { method, path: url.pathname, body, origin: url.origin });
  wake();
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
