import { once } from "node:events";
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";

const HOST = "127.0.0.1";
const CLOSE_PATIENCE_MS = 1_000;

/**
 * Longer than clients keep a connection that they do not use: who closes it must be the one that would use it next. A
 * request that meets a connection which the server has just given up fails, and on a busy machine many would.
 */
const KEEP_ALIVE_MS = 75_000;

/** Thrown by `readBody`; answered with 413 by a server made with `createHttpServer`. */
export class BodyTooLarge extends Error {
  constructor(bytesMax: number) {
    super(`The request body is larger than ${bytesMax} bytes.`);
    this.name = "BodyTooLarge";
  }
}

type Exchange = {
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  log: (line: string) => void;
};

/** A server whose handler may throw: an oversized body becomes 413, any other fault is logged and becomes 500. */
export function createHttpServer({ answer, log }: Exchange): Server {
  const server = createServer((request, response) => {
    answer(request, response).catch((fault: unknown) => {
      if (fault instanceof BodyTooLarge) {
        answerFault(response, 413, fault.message);
        return;
      }
      log(`${request.method} ${request.url} failed: ${fault instanceof Error ? fault.stack : String(fault)}`);
      answerFault(response, 500, "The local service failed; its log says why.");
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

/** Listens on 127.0.0.1 and resolves to the base URL. Port 0 takes a free one; a taken port is named in the error. */
export async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "EADDRINUSE") {
      throw new Error(
        `Port ${port} on ${HOST} is already taken. Stop what listens there, or choose another port.`,
        { cause: fault },
      );
    }
    throw fault;
  }
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("The server listens on something other than a TCP port.");
  }
  return `http://${HOST}:${address.port}`;
}

/** Frees the port: idle connections go at once, those that are still answered after a second at most. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  const patience = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await closed;
  clearTimeout(patience);
}

/** The whole body. Throws `BodyTooLarge` as soon as more than `bytesMax` have come. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new BodyTooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The JSON in a body, for a schema to judge; undefined, which no JSON can mean, where it is none. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}

export type Problem = {
  /** Stable and for programs, such as `invalid_message`. */
  code: string;
  /** For the person who reads it. */
  detail: string;
  errors?: { pointer: string; detail: string }[];
};

/** An error as RFC 9457 describes it. */
export function sendProblem(response: ServerResponse, status: number, problem: Problem): void {
  const body = { type: "about:blank", title: STATUS_CODES[status], status, ...problem };
  sendJson(response, status, body, { "content-type": "application/problem+json" });
}

function answerFault(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of an unread body would otherwise be taken for the next request on this connection.
  sendJson(response, status, { error: message }, { connection: "close" });
}
