import type { IncomingMessage } from "node:http";

import { z } from "zod";

import { parseJson } from "../http-server.ts";
import type { Command, Reply } from "./resp.ts";

const JsonCommand = z.array(z.unknown()).min(1);

export const COMMANDS_IN_A_PIPELINE_MAX = 10_000;
const Pipeline = z.array(JsonCommand).min(1).max(COMMANDS_IN_A_PIPELINE_MAX);

export type RestRequest =
  | { kind: "single"; command: Command }
  | { kind: "pipeline" | "transaction"; commands: Command[] }
  | { kind: "malformed"; error: string };

/** Upstash's three ways to say it: a JSON array to `/`, arrays of them to `/pipeline` and `/multi-exec`, or the path. */
export function parseRestRequest(request: IncomingMessage, body: Buffer): RestRequest {
  const url = new URL(request.url ?? "/", "http://redis.local");
  const segments = decodeSegments(url.pathname);
  if (segments === undefined) return { kind: "malformed", error: "ERR failed to parse path" };
  if (segments.length === 0) {
    const command = JsonCommand.safeParse(parseJson(body));
    if (!command.success) return { kind: "malformed", error: "ERR failed to parse command" };
    return { kind: "single", command: command.data.map(toArgument) };
  }
  if (segments[0] === "pipeline" || segments[0] === "multi-exec") {
    const pipeline = Pipeline.safeParse(parseJson(body));
    if (!pipeline.success) return { kind: "malformed", error: "ERR failed to parse pipeline request" };
    const commands = pipeline.data.map((command) => command.map(toArgument));
    return { kind: segments[0] === "pipeline" ? "pipeline" : "transaction", commands };
  }
  return { kind: "single", command: [...segments, ...(body.length > 0 ? [body] : []), ...options(url)] };
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent);
  } catch (fault) {
    if (fault instanceof URIError) return undefined;
    throw fault;
  }
}

/** `?EX=100&NX` are the command's last arguments; the token may also travel there and is none. */
function options(url: URL): string[] {
  return [...url.searchParams]
    .filter(([name]) => name !== "_token")
    .flatMap(([name, value]) => (value === "" ? [name] : [name, value]));
}

function toArgument(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export type TextEncoding = "plain" | "base64";

export function requestedEncoding(request: IncomingMessage): TextEncoding {
  return request.headers["upstash-encoding"]?.toString().toLowerCase() === "base64" ? "base64" : "plain";
}

/** `{ result }` or `{ error }`, as one command's answer is written. */
export function toRestReply(reply: Reply, encoding: TextEncoding): { result: unknown } | { error: string } {
  return reply.kind === "error" ? { error: reply.message } : { result: toJsonValue(reply, encoding) };
}

function toJsonValue(reply: Reply, encoding: TextEncoding): unknown {
  switch (reply.kind) {
    case "nil":
      return null;
    case "integer":
      return reply.value;
    case "bulk":
      return reply.bytes.toString(encoding === "base64" ? "base64" : "utf8");
    case "status":
      // The client takes the bare word OK for itself and decodes everything else.
      return encoding === "base64" && reply.text !== "OK"
        ? Buffer.from(reply.text).toString("base64")
        : reply.text;
    case "error":
      return reply.message;
    case "array":
      return reply.items.map((item) => toJsonValue(item, encoding));
    default:
      return reply satisfies never;
  }
}
