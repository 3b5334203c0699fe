import type { ServerResponse } from "node:http";
import { sendJson } from "../http-server.ts";
import { sendPage } from "../page.ts";
import type { RunningService } from "../service.ts";
import { sendAnswer } from "../simulator/api-answer.ts";
import { openSimulation } from "../simulator/simulation.ts";
import {
  headerText,
  type Received,
  type SimulatorOptions,
  startSimulator,
} from "../simulator/start-simulator.ts";
import { type ClientCredentials, issueToken } from "./access-tokens.ts";
import { type Api, createApi } from "./api.ts";
import { describeObject } from "./describe-object.ts";
import { runDueTimers, TIMER_KINDS } from "./due-timers.ts";
import { forgeEvent } from "./events.ts";
import { answerPage } from "./page-routes.ts";
import { INDEXES } from "./resources.ts";
import type { Simulation } from "./simulation.ts";
import { steerPaypal } from "./steering.ts";
import { certificateAt, prepareWebhook } from "./webhook-signature.ts";
import { configureWebhook } from "./webhooks.ts";

export type PaypalOptions = SimulatorOptions &
  ClientCredentials & {
    /** Signed along with every event, and known to the receiver. */
    webhookId: string;
    /** Without it events are recorded but nobody is told, unless webhooks are created by the API. */
    webhookUrl?: string;
    /** Types of events that it is told; all, if not given. */
    webhookEvents?: readonly string[];
  };

/** PayPal's API, webhooks and approval page, remembered in the state folder across restarts and kills. */
export function startPaypal(options: PaypalOptions): Promise<RunningService> {
  const { webhookId: id, webhookUrl: url, webhookEvents = ["*"] } = options;
  const simulation: Simulation = openSimulation(
    { stateFolder: options.stateFolder, fileName: "paypal.sqlite" },
    {
      indexes: INDEXES,
      timerKinds: TIMER_KINDS,
      file: ({ id, kind: name, created }) => ({ id, name, created }),
    },
  );
  const api = createApi(simulation, options);
  return startSimulator(options, {
    simulation,
    runDueTimers: () => runDueTimers(simulation),
    prepareWebhook: (delivery, origin) => prepareWebhook(simulation, delivery, origin),
    configure: () => configureWebhook(simulation, { id, url, eventTypes: [...webhookEvents] }),
    steering: {
      forge: (forgery) => forgeEvent(simulation, forgery, (object) => describeObject(simulation, object)),
      urlOfEndpoint: (id) => simulation.store.find("webhook", id)?.url ?? null,
      extra: (action, body) => steerPaypal(simulation, action, body),
    },
    respond: (received, response, wake) => respond({ api, simulation, options, wake }, received, response),
  });
}

type Parts = { api: Api; simulation: Simulation; options: ClientCredentials; wake: () => void };

async function respond(parts: Parts, received: Received, response: ServerResponse): Promise<void> {
  const { simulation, options } = parts;
  const { method, url, body, request } = received;
  if (method === "POST" && url.pathname === "/v1/oauth2/token") {
    const { authorization } = request.headers;
    const { status, body: token } = issueToken(simulation, options, { authorization, body });
    sendJson(response, status, token);
    return;
  }
  const certificate = method === "GET" ? certificateAt(simulation, url.pathname) : undefined;
  if (certificate !== undefined) {
    response.writeHead(200, { "content-type": "text/plain" }).end(certificate);
    return;
  }
  if (/^\/v\d\//.test(url.pathname)) await respondFromApi(parts, received, response);
  else respondWithPage(parts, received, response);
}

async function respondFromApi(
  { api, wake }: Parts,
  { method, url, body, request }: Received,
  response: ServerResponse,
): Promise<void> {
  const answer = await api({
    method,
    path: url.pathname,
    query: url.searchParams,
    body,
    origin: url.origin,
    authorization: request.headers.authorization,
    requestId: headerText(request.headers["paypal-request-id"]),
    prefer: headerText(request.headers["prefer"]),
    mockResponse: headerText(request.headers["paypal-mock-response"]),
  });
  wake();
  sendAnswer(request, response, answer);
}

function respondWithPage(
  { simulation, wake }: Parts,
  { method, url, body }: Received,
  response: ServerResponse,
): void {
  const answer = answerPage(simulation, { method, url, body });
  wake();
  if (answer === undefined) sendJson(response, 404, { error: "There is no such page." });
  else if ("redirectTo" in answer) response.writeHead(303, { location: answer.redirectTo }).end();
  else sendPage(response, answer.status, { ...answer.page, formTargets: answer.formTargets });
}
