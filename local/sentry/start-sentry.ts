import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import {
  BodyTooLarge,
  close,
  createHttpServer,
  listen,
  parseJson,
  readBody,
  sendJson,
  sendProblem,
} from "../http-server.ts";
import { sendPage } from "../page.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { parseEnvelope, type Envelope } from "./envelope.ts";
import { openEventStore, type EventStore } from "./event-store.ts";
import { EventPayload, summarize } from "./event.ts";
import { renderEvents } from "./events-page.ts";

/** Sentry's own limits: 20 MB as sent, 100 MB unpacked. Ours are as small as the local stack may keep in memory. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;
const UNPACKED_BYTES_MAX = 16 * 1024 * 1024;
const PROJECT_ID = "1";

export type SentryOptions = ServiceOptions & {
  /** The public key of the DSN, which every envelope must bear. */
  publicKey: string;
};

export type RunningSentry = RunningService & {
  /** What a Sentry client is given; any numeric project id works in its place. */
  dsn: string;
};

type Sink = { store: EventStore; publicKey: string };

/** A sink for Sentry envelopes that keeps their events where people and tests can read them. */
export async function startSentry(options: SentryOptions): Promise<RunningSentry> {
  const { port, stateFolder, log, publicKey } = options;
  await mkdir(stateFolder, { recursive: true });
  const starting = Promise.withResolvers<Sink>();
  const server = createHttpServer({
    log,
    answer: async (request, response) => route(await starting.promise, request, response),
  });
  const url = await listen(server, port);
  try {
    // Opened only now: while the port was another sink's, so was the file.
    starting.resolve({ store: openEventStore(join(stateFolder, "events.jsonl")), publicKey });
  } catch (fault) {
    await close(server);
    throw fault;
  }
  log(`Sentry at ${url}: open it in a browser to read what the shop reports`);
  const dsn = `${url.replace("//", `//${publicKey}@`)}/${PROJECT_ID}`;
  return { url, dsn, stop: () => close(server) };
}

async function route(sink: Sink, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://sentry.local");
  const projectId = /^\/api\/(\d+)\/envelope\/?$/.exec(pathname)?.[1];
  const eventId = /^\/events\/([^/]+)$/.exec(pathname)?.[1];
  if (request.method === "POST" && projectId !== undefined) {
    await acceptEnvelope({ ...sink, projectId }, request, response);
  } else if (request.method === "GET" && eventId !== undefined) {
    sendOriginal(sink, eventId, response);
  } else if (request.method === "GET" && pathname === "/events") {
    sendJson(response, 200, { events: sink.store.list().map(summarize) });
  } else if (request.method === "GET" && pathname === "/") {
    sendPage(response, 200, renderEvents(sink.store.list().map(summarize)));
  } else if (request.method === "POST" && pathname === "/_local/reset") {
    sink.store.clear();
    response.writeHead(303, { location: "/" }).end();
  } else {
    sendProblem(response, 404, { code: "not_found", detail: `There is no ${request.method} ${pathname}.` });
  }
}

async function acceptEnvelope(
  { store, publicKey, projectId }: Sink & { projectId: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const envelope = await readEnvelope(request);
  if (envelope === undefined) {
    sendProblem(response, 400, { code: "invalid_envelope", detail: "The body is no Sentry envelope." });
    return;
  }
  if (givenKey(request, envelope) !== publicKey) {
    sendProblem(response, 403, { code: "unknown_key", detail: "The envelope bears another project's key." });
    return;
  }
  for (const item of envelope.items.filter(({ type }) => type === "event")) {
    const payload = EventPayload.safeParse(parseJson(item.payload));
    if (!payload.success) {
      const detail = `The event could not be read: ${payload.error.message}`;
      sendProblem(response, 400, { code: "invalid_event", detail });
      return;
    }
    store.append({ project_id: projectId, received_at: new Date().toISOString(), payload: payload.data });
  }
  sendJson(response, 200, { id: envelope.header.event_id });
}

async function readEnvelope(request: IncomingMessage): Promise<Envelope | undefined> {
  const body = await readBody(request, BODY_BYTES_MAX);
  if (request.headers["content-encoding"] !== "gzip") return parseEnvelope(body);
  try {
    return parseEnvelope(await promisify(gunzip)(body, { maxOutputLength: UNPACKED_BYTES_MAX }));
  } catch (fault) {
    const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
    if (code === "ERR_BUFFER_TOO_LARGE") throw new BodyTooLarge(UNPACKED_BYTES_MAX);
    if (code.startsWith("Z_")) return undefined;
    throw fault;
  }
}

/** Clients put the key into the query, into `X-Sentry-Auth`, or into the DSN in the envelope's own header. */
function givenKey(request: IncomingMessage, { header }: Envelope): string | undefined {
  const inQuery = new URL(request.url ?? "/", "http://sentry.local").searchParams.get("sentry_key");
  const inHeader = /sentry_key=([^,\s]+)/.exec(String(request.headers["x-sentry-auth"]))?.[1];
  const inEnvelope = URL.parse(header.dsn ?? "")?.username;
  return inQuery ?? inHeader ?? inEnvelope;
}

function sendOriginal({ store }: Sink, eventId: string, response: ServerResponse): void {
  const event = store.find(eventId);
  if (event === undefined) {
    sendProblem(response, 404, { code: "not_found", detail: "No such event is kept." });
    return;
  }
  sendJson(response, 200, event.payload);
}
