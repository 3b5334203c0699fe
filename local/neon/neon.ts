import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { PoolClient } from "pg";
import type { WebSocketServer } from "ws";
import { createHttpServer, listen, parseJson, readBody, sendJson } from "../http-server.ts";
import type { Endpoint } from "../postgres/postgres.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, STOP_MS_MAX } from "./limits.ts";
import { createLogins, lendConnection, type Logins } from "./logins.ts";
import { errorAnswer, responseTooLarge } from "./refusal.ts";
import { serveRelay } from "./relay.ts";
import { runSql } from "./run-sql.ts";
import { connectionStringOf, parseSqlRequest, statementsOf } from "./sql-request.ts";
import { createStatistics, type Statistics } from "./statistics.ts";

/** The WebSocket status of an endpoint that shuts down. */
const GOING_AWAY = 1001;

export type NeonOptions = ServiceOptions & {
  /** Where each host name of a connection string leads: the primary's, the replica's. */
  hosts: Record<string, Endpoint>;
};

type Neon = { logins: Logins; statistics: Statistics; log: (line: string) => void };

/** Starts Neon's two doors in front of Postgres: SQL over HTTP, and a WebSocket that relays the protocol. */
export async function startNeon(options: NeonOptions): Promise<RunningService> {
  const { log } = options;
  const hosts = new Map(Object.entries(options.hosts));
  const statistics = createStatistics([...hosts.keys()]);
  const logins = createLogins({ hosts, log });
  const neon = { logins, statistics, log };
  const server = createHttpServer({ answer: (request, response) => answer(neon, request, response), log });
  const underWay = trackResponses(server);
  const relays = serveRelay(server, { hosts, statistics, log });
  const url = await listen(server, options.port);
  return {
    url,
    stop: async () => {
      for (const webSocket of relays.clients) webSocket.close(GOING_AWAY);
      await drain({ server, underWay, relays });
      await logins.end();
    },
  };
}

async function answer(neon: Neon, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method} ${request.url}`;
  if (route === "POST /sql") return answerSql(neon, request, response);
  if (route === "GET /_local/stats") return sendJson(response, 200, neon.statistics.report());
  if (route === "POST /_local/stats/reset") {
    neon.statistics.reset();
    return sendJson(response, 200, neon.statistics.report());
  }
  return sendJson(response, 404, { message: `nothing is served at ${route}` });
}

async function answerSql(neon: Neon, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) left.abort();
  });
  try {
    const body = await readBody(request, REQUEST_BYTES_MAX);
    const json = await runCounted(neon, { headers: request.headers, body, clientLeft: left.signal });
    sendSerialized(response, json);
  } catch (error) {
    if (left.signal.aborted) return;
    const failure = errorAnswer(error);
    if (failure === undefined) throw error;
    sendJson(response, failure.status, failure.body);
  }
}

type Call = { headers: IncomingHttpHeaders; body: Buffer; clientLeft: AbortSignal };

async function runCounted({ logins, statistics, log }: Neon, call: Call): Promise<string> {
  const login = logins.find(connectionStringOf(call.headers));
  const sqlRequest = parseSqlRequest(call.headers, parseJson(call.body));
  for (const { query } of statementsOf(sqlRequest)) statistics.countStatement(login.host, query);
  statistics.countTransaction(login.host);
  const work = (client: PoolClient): Promise<string> => runSql(client, sqlRequest);
  return lendConnection({ login, clientLeft: call.clientLeft, log, work });
}

function sendSerialized(response: ServerResponse, json: string): void {
  const bytes = Buffer.from(json);
  if (bytes.length > RESPONSE_BYTES_MAX) throw responseTooLarge();
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}

function trackResponses(server: Server): Set<ServerResponse> {
  const underWay = new Set<ServerResponse>();
  server.on("request", (_request, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  return underWay;
}

type Open = { server: Server; underWay: Set<ServerResponse>; relays: WebSocketServer };

/** Lets requests under way finish, but not for ever; their connections would otherwise be kept alive. */
async function drain({ server, underWay, relays }: Open): Promise<void> {
  for (const response of underWay) {
    if (!response.headersSent) response.setHeader("connection", "close");
  }
  const closed = once(server, "close");
  server.close();
  const timer = setTimeout(() => {
    for (const webSocket of relays.clients) webSocket.terminate();
    server.closeAllConnections();
  }, STOP_MS_MAX);
  await closed;
  clearTimeout(timer);
}
