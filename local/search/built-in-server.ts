import type { IncomingMessage, ServerResponse } from "node:http";
import { BodyTooLarge, close, createHttpServer, listen, readBody, sendJson } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { createAccess } from "./access.ts";
import { openDatabase } from "./database.ts";
import { createFaults } from "./faults.ts";
import { createIndexStore } from "./index-store.ts";
import { createKeyStore } from "./key-store.ts";
import { MeilisearchError } from "./meilisearch-error.ts";
import { parseJson } from "./routes/route.ts";
import { answerCall, matchRoute } from "./routes/router.ts";
import { runTask } from "./run-task.ts";
import { createSearchIndexes } from "./search-indexes.ts";
import { startTaskQueue } from "./task-queue.ts";
import { createTaskStore } from "./task-store.ts";

/** Meilisearch's own limit for a body. */
const BODY_BYTES_MAX = 100 * 1024 * 1024;

/** A server that speaks Meilisearch's protocol over an engine in this process, with its state in SQLite. */
export async function startBuiltInServer(
  options: ServiceOptions & { masterKey: string },
): Promise<RunningService> {
  const database = openDatabase(options.stateFolder);
  const store = createIndexStore(database);
  const tasks = createTaskStore(database);
  const indexes = createSearchIndexes(store);
  const keys = createKeyStore(database, options.masterKey);
  const access = createAccess(keys, options.masterKey);
  const faults = createFaults();
  const queue = startTaskQueue({
    tasks,
    run: (task, payload) => runTask(task, payload, { store, indexes, tasks }),
    isPaused: () => faults.current.paused_tasks,
    log: options.log,
  });
  const services = { store, indexes, tasks, keys, access, wakeQueue: queue.wake };
  const requests = new Map<string, number>();

  const answerMeilisearch = async (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<void> => {
    const matched = matchRoute(request.method ?? "GET", url.pathname);
    const kind = `${matched.route.method} ${matched.route.path}`;
    requests.set(kind, (requests.get(kind) ?? 0) + 1);
    const body = await readBody(request, BODY_BYTES_MAX);
    await faults.strike();
    const reply = await answerCall(
      matched,
      {
        query: url.searchParams,
        contentType: request.headers["content-type"]?.split(";")[0],
        authorization: request.headers.authorization,
        body,
      },
      services,
    );
    send(response, reply.status, reply.body);
  };

  const answerSteering = async (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<void> => {
    const route = `${request.method} ${url.pathname}`;
    if (route === "GET /_local/stats") {
      sendJson(response, 200, { requests: Object.fromEntries(requests) });
    } else if (route === "GET /_simulator/faults") {
      sendJson(response, 200, faults.current);
    } else if (route === "POST /_simulator/faults") {
      const changed = faults.change(parseJson((await readBody(request, BODY_BYTES_MAX)).toString()));
      queue.wake();
      sendJson(response, 200, changed);
    } else throw new MeilisearchError("not_found", `There is no ${route}.`);
  };

  const server = createHttpServer({
    log: options.log,
    answer: async (request, response) => {
      const url = new URL(request.url ?? "/", "http://search.local");
      const isSteering = /^\/_(local|simulator)\//.test(url.pathname);
      try {
        await (isSteering ? answerSteering : answerMeilisearch)(request, response, url);
      } catch (fault) {
        const refusal = refusalOf(fault);
        sendJson(response, refusal.status, refusal.toBody());
      }
    },
  });
  const url = await listen(server, options.port);
  return {
    url,
    stop: async () => {
      await close(server);
      await queue.stop();
      database.close();
    },
  };
}

/** A refusal as it is, an oversized body as Meilisearch names it; any other fault is the caller's to log. */
function refusalOf(fault: unknown): MeilisearchError {
  if (fault instanceof MeilisearchError) return fault;
  if (fault instanceof BodyTooLarge) return new MeilisearchError("payload_too_large", fault.message);
  throw fault;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (body !== undefined) {
    sendJson(response, status, body);
    return;
  }
  response.writeHead(status);
  response.end();
}
