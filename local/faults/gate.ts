import { once } from "node:events";
import {
  Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as sendRequest,
  type ServerResponse,
} from "node:http";
import { close, createHttpServer, listen, readBody } from "../http-server.ts";

const BODY_BYTES_MAX = 70 * 1024 * 1024;

/** Headers that belong to one connection and are not passed on. */
const HOP_HEADERS = ["connection", "keep-alive", "transfer-encoding", "expect"];

/** A call on its way to a service. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
};

/** Where a call is stopped: before the service hears of it, or when it has acted and its reply is on the way. */
export type Moment = "before_service" | "before_reply";

/** A point at which calls are stopped, so that a test can crash the caller there. */
export type Point = {
  /** Resolves with the first call that was stopped. */
  readonly reached: Promise<Call>;
  /** Lets later calls pass, and cuts the connections of those that were stopped. */
  readonly lift: () => void;
};

type Stop = { fits: (call: Call) => boolean; moment: Moment };

/** An HTTP relay between the Worker and one service that can stop chosen calls. */
export type Gate = {
  readonly url: string;
  /** Says which service is behind the gate; calls that came earlier wait for it. */
  readonly leadTo: (serviceUrl: string) => void;
  /** Stops every call that fits, until the point is lifted. */
  readonly stopAt: (stop: Stop) => Point;
  readonly close: () => Promise<void>;
};

type OpenPoint = Stop & {
  reach: (call: Call) => void;
  stopped: Set<ServerResponse>;
};

/** Opens a gate on a free port. */
export async function openGate(log: (line: string) => void): Promise<Gate> {
  const points = new Set<OpenPoint>();
  const service = Promise.withResolvers<URL>();
  const agent = new Agent({ keepAlive: true });

  const stopsAt = (call: Call, moment: Moment, response: ServerResponse): boolean => {
    const point = [...points].find((each) => each.moment === moment && each.fits(call));
    if (point === undefined) return false;
    point.stopped.add(response);
    point.reach(call);
    return true;
  };
  const server = createHttpServer({
    log,
    answer: async (request, response) => {
      const body = await readBody(request, BODY_BYTES_MAX);
      const { method = "GET", url: path = "/" } = request;
      const call = { method, path, body: body.toString("utf8") };
      if (stopsAt(call, "before_service", response)) return;
      const answered = await forward({ request, body, target: new URL(path, await service.promise), agent });
      if (answered === undefined) return void response.destroy();
      if (stopsAt(call, "before_reply", response)) return;
      response.writeHead(answered.status, answered.headers);
      response.end(answered.body);
    },
  });
  const url = await listen(server, 0);
  return {
    url,
    leadTo: (serviceUrl) => service.resolve(new URL(serviceUrl)),
    stopAt: (stop) => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<Call>();
      const point: OpenPoint = { ...stop, reach, stopped: new Set() };
      points.add(point);
      return {
        reached,
        lift: () => {
          points.delete(point);
          for (const response of point.stopped) response.destroy();
        },
      };
    },
    close: async () => {
      agent.destroy();
      await close(server);
    },
  };
}

type Forwarding = { request: IncomingMessage; body: Buffer; target: URL; agent: Agent };
type ServiceAnswer = { status: number; headers: OutgoingHttpHeaders; body: Buffer };

/** @returns undefined when the service gave no answer: its caller's connection is to be cut as well. */
async function forward({ request, body, target, agent }: Forwarding): Promise<ServiceAnswer | undefined> {
  const headers = { ...passedOn(request.headers), host: target.host, "content-length": body.length };
  const { method = "GET" } = request;
  const outgoing = sendRequest(target.href, { method, headers, agent });
  outgoing.end(body);
  try {
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    return {
      status: incoming.statusCode ?? 502,
      headers: passedOn(incoming.headers),
      body: await readBody(incoming, BODY_BYTES_MAX),
    };
  } catch (fault) {
    // A service that is down or cuts the connection is what gates are for.
    if (fault instanceof Error && "code" in fault) return undefined;
    throw fault;
  }
}

function passedOn(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name)));
}
