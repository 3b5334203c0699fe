import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody, sendJson } from "../http-server.ts";
import { deadLetterRoutes } from "./dead-letter-routes.ts";
import { flowControlRoutes } from "./flow-control-routes.ts";
import type { HeaderMap } from "./message.ts";
import { messageRoutes } from "./message-routes.ts";
import { publishRoutes } from "./publish-routes.ts";
import type { QueueContext } from "./queue-context.ts";
import { queueRoutes } from "./queue-routes.ts";
import { Refusal } from "./refusal.ts";
import type { Call, Reply, Route } from "./route.ts";
import { scheduleRoutes } from "./schedule-routes.ts";
import { signingKeyRoutes } from "./signing-key-routes.ts";
import { steeringRoutes } from "./steering-routes.ts";
import { urlGroupRoutes } from "./url-group-routes.ts";

const BODY_BYTES_MAX = 10 * 1024 * 1024;

const QSTASH_ROUTES: Route[] = [
  ...publishRoutes,
  ...messageRoutes,
  ...deadLetterRoutes,
  ...queueRoutes,
  ...flowControlRoutes,
  ...scheduleRoutes,
  ...urlGroupRoutes,
  ...signingKeyRoutes,
];

const MATCHERS = [
  ...QSTASH_ROUTES.map((route) => ({ route, needsToken: true, pattern: patternOf(route.path) })),
  ...steeringRoutes.map((route) => ({ route, needsToken: false, pattern: patternOf(route.path) })),
];

export type Router = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers the API. `onChange` is called inside the transaction of each change, so that what it writes joins it. */
export function createRouter(
  context: QueueContext,
  options: { token: string; onChange: () => void },
): Router {
  return async (request, response) => {
    try {
      send(response, await answer(request));
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      sendJson(response, fault.status, { error: fault.message });
    }
  };

  async function answer(request: IncomingMessage): Promise<Reply> {
    const target = request.url ?? "/";
    const { route, needsToken, parameters } = findRoute(request.method, target);
    if (needsToken) checkToken(request, options.token);
    const call = await readCall(request, { target, parameters });
    if (route.method === "GET") return route.answer(context, call);
    return context.store.write(() => {
      const reply = route.answer(context, call);
      options.onChange();
      return reply;
    });
  }
}

function findRoute(method: string | undefined, target: string) {
  const path = target.replace(/\?.*$/s, "");
  for (const { route, needsToken, pattern } of MATCHERS) {
    const match = route.method === method && pattern.exec(path);
    if (match) return { route, needsToken, parameters: match.groups ?? {} };
  }
  throw new Refusal(404, "not found");
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)").replace(/\*$/, ".+");
  return new RegExp(`^${source}/?$`);
}

function checkToken(request: IncomingMessage, token: string): void {
  const [, given] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (given === undefined) throw new Refusal(401, "unable to authenticate: missing token");
  if (!isSame(given, token)) throw new Refusal(401, "unable to authenticate: invalid token");
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function readCall(
  request: IncomingMessage,
  { target, parameters }: { target: string; parameters: Record<string, string> },
): Promise<Call> {
  return {
    target,
    query: new URL(target.replace(/^[^?]*/s, ""), "http://queue").searchParams,
    headers: headersOf(request),
    body: await readBody(request, BODY_BYTES_MAX),
    callerIp: request.socket.remoteAddress ?? "",
    parameter(name) {
      const value = parameters[name];
      if (value === undefined) throw new Error(`The route has no parameter ${name}.`);
      return decodeSegment(value);
    },
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (fault) {
    if (fault instanceof URIError) throw new Refusal(400, "the path is not encoded well");
    throw fault;
  }
}

function headersOf(request: IncomingMessage): HeaderMap {
  const headers: HeaderMap = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values) headers[name] = values.join(", ");
  }
  return headers;
}

function send(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case "json":
      sendJson(response, reply.status, reply.body);
      return;
    case "empty":
      response.writeHead(reply.status).end();
      return;
    case "html":
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(reply.body);
      return;
    case "see_other":
      response.writeHead(303, { location: reply.location }).end();
  }
}
