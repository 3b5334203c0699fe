import type { IncomingMessage, ServerResponse } from "node:http";

import { close, createHttpServer, listen, readBody, sendJson } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { createCommandGate, type CommandGate } from "./command-gate.ts";
import { connectToEngine, type EngineConnection } from "./engine-connection.ts";
import { chooseEngine, startEngine, type EngineChoice } from "./engine.ts";
import { parseRestRequest, requestedEncoding, toRestReply, type TextEncoding } from "./rest-protocol.ts";
import type { Command, Reply } from "./resp.ts";

/** Upstash's own limit on a request is 10 MB on its larger plans. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

export type RedisOptions = ServiceOptions & {
  /** The REST token that callers must bear. */
  token: string;
  /** Without it, `redis-server` is used where it is installed. */
  engine?: EngineChoice;
};

type Rest = { gate: CommandGate; connection: EngineConnection; token: string };
type Answer = { status: number; body: unknown };

/** Upstash's REST protocol in front of a Redis engine. Faults that name a taken port come before any engine starts. */
export async function startRedis(options: RedisOptions): Promise<RunningService> {
  const { port, log, token } = options;
  const starting = Promise.withResolvers<Rest>();
  const server = createHttpServer({
    log,
    answer: async (request, response) => answerRequest(await starting.promise, request, response),
  });
  const url = await listen(server, port);
  try {
    const engine = await startEngine(
      options.engine ?? (await chooseEngine(process.env["PATH"] ?? "")),
      options,
    );
    const connection = connectToEngine(engine.port);
    starting.resolve({ gate: createCommandGate(), connection, token });
    log(`Redis at ${url}, engine: ${engine.description}`);
    return {
      url,
      stop: async () => {
        await close(server);
        connection.close();
        await engine.stop();
      },
    };
  } catch (fault) {
    await close(server);
    throw fault;
  }
}

async function answerRequest(rest: Rest, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://redis.local").pathname;
  if (request.method === "GET" && path === "/_local/stats") {
    sendJson(response, 200, { commands: rest.gate.counts() });
    return;
  }
  if (request.method === "POST" && path === "/_local/stats/reset") {
    rest.gate.resetCounts();
    sendJson(response, 200, { commands: {} });
    return;
  }
  const body = await readBody(request, BODY_BYTES_MAX);
  const refusal = refuseStranger(rest.token, request);
  const answer = refusal ?? (await answerCommands(rest, request, body));
  sendJson(response, answer.status, answer.body);
}

function refuseStranger(token: string, request: IncomingMessage): Answer | undefined {
  const inPath = new URL(request.url ?? "/", "http://redis.local").searchParams.get("_token");
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? inPath;
  if (given === token) return undefined;
  return {
    status: 401,
    body: { error: given === null ? "Unauthorized" : "WRONGPASS invalid or missing auth token" },
  };
}

async function answerCommands(rest: Rest, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const encoding = requestedEncoding(request);
  const parsed = parseRestRequest(request, body);
  switch (parsed.kind) {
    case "malformed":
      return { status: 400, body: { error: parsed.error } };
    case "single":
      return answerSingle(rest, parsed.command, encoding);
    case "pipeline":
      return { status: 200, body: await runPipeline(rest, parsed.commands, encoding) };
    case "transaction":
      return runTransaction(rest, parsed.commands, encoding);
    default:
      return parsed satisfies never;
  }
}

async function answerSingle(rest: Rest, command: Command, encoding: TextEncoding): Promise<Answer> {
  const [reply] = await runPipeline(rest, [command], encoding);
  return { status: reply !== undefined && "error" in reply ? 400 : 200, body: reply };
}

/** Each command answers for itself: a refused one leaves the others untouched. */
async function runPipeline({ gate, connection }: Rest, commands: readonly Command[], encoding: TextEncoding) {
  const admissions = commands.map(gate.admit);
  const admitted = admissions.flatMap((admission) => (admission.ok ? [admission.admitted] : []));
  const replies = await connection.send(admitted.map(({ command }) => command));
  return admissions.map((admission) =>
    admission.ok
      ? toRestReply(admission.admitted.forCaller(nextOf(replies)), encoding)
      : { error: admission.error },
  );
}

/** All or nothing: one refused command refuses the transaction, with that command's own reason. */
async function runTransaction(
  { gate, connection }: Rest,
  commands: readonly Command[],
  encoding: TextEncoding,
): Promise<Answer> {
  const admissions = commands.map(gate.admit);
  const refused = admissions.find((admission) => !admission.ok);
  if (refused !== undefined) return { status: 400, body: { error: refused.error } };
  const admitted = admissions.flatMap((admission) => (admission.ok ? [admission.admitted] : []));
  const replies = await connection.send([["MULTI"], ...admitted.map(({ command }) => command), ["EXEC"]]);
  const outcome = nextOf(replies.slice(-1));
  if (outcome.kind !== "array") {
    const culprit = replies.find((reply) => reply.kind === "error");
    return { status: 400, body: { error: culprit?.message ?? "EXECABORT Transaction discarded." } };
  }
  const results = admitted.map(({ forCaller }) => toRestReply(forCaller(nextOf(outcome.items)), encoding));
  return { status: 200, body: results };
}

function nextOf(replies: Reply[]): Reply {
  const reply = replies.shift();
  if (reply === undefined) throw new Error("The Redis engine answered fewer commands than it was sent.");
  return reply;
}
