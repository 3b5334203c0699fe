import type { HeaderMap } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";

/** One request, read to its end. */
export type Call = {
  /** Path and query as they came: destinations in a path must not be normalised. */
  target: string;
  query: URLSearchParams;
  headers: HeaderMap;
  body: Buffer;
  callerIp: string;
  /** A named part of the route's path, decoded. */
  parameter: (name: string) => string;
};

export type Reply =
  | { kind: "json"; status: number; body: unknown }
  | { kind: "empty"; status: number }
  | { kind: "html"; body: string }
  | { kind: "see_other"; location: string };

/**
 * An answer is synchronous. For every method but GET it runs inside one transaction, and the caller gets the reply
 * only after the commit.
 */
export type Route = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** `:name` stands for one segment; a last `*` for everything that follows, the query included. */
  path: string;
  answer: (context: QueueContext, call: Call) => Reply;
};

export const json = (status: number, body: unknown): Reply => ({ kind: "json", status, body });
export const done: Reply = { kind: "empty", status: 200 };
