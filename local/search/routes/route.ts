import { z } from "zod";
import type { Access, Grant } from "../access.ts";
import type { IndexStore } from "../index-store.ts";
import type { KeyStore } from "../key-store.ts";
import { MeilisearchError } from "../meilisearch-error.ts";
import type { SearchIndexes } from "../search-indexes.ts";
import type { NewTask, TaskStore } from "../task-store.ts";

/** What the routes work with. */
export type Services = {
  store: IndexStore;
  indexes: SearchIndexes;
  tasks: TaskStore;
  keys: KeyStore;
  access: Access;
  wakeQueue: () => void;
};

export type Call = {
  /** The `:names` of the route's path. */
  parameter: (name: string) => string;
  query: URLSearchParams;
  contentType: string | undefined;
  authorization: string | undefined;
  body: Buffer;
  grant: Grant;
};

export type Reply = { status: number; body?: unknown };

export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Segments that begin with a colon stand for anything; `:index` is what the API key must cover. */
  path: string;
  /** What an API key must allow; null is open to all. */
  action: string | null;
  handle: (call: Call, services: Services) => Reply | Promise<Reply>;
};

const Paging = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(0).default(20),
});

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

/** Commits the task, wakes the queue and answers 202. */
export function accepted(task: NewTask, { tasks, wakeQueue }: Services): Reply {
  const { uid, indexUid, status, type, enqueuedAt } = tasks.enqueue(task);
  wakeQueue();
  return { status: 202, body: { taskUid: uid, indexUid, status, type, enqueuedAt } };
}

/** The body as JSON, with Meilisearch's refusals for a missing, mislabelled or malformed one. */
export function jsonBody({ body, contentType }: Call): unknown {
  if (contentType !== undefined && contentType !== "application/json") {
    throw new MeilisearchError(
      "invalid_content_type",
      `The Content-Type \`${contentType}\` is invalid. Accepted values for the Content-Type header are: \`application/json\``,
    );
  }
  if (body.length === 0) throw new MeilisearchError("missing_payload", "A json payload is missing.");
  return parseJson(body.toString());
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
    throw new MeilisearchError(
      "malformed_payload",
      `The json payload provided is malformed. \`${fault.message}\`.`,
    );
  }
}

/** `offset` and `limit` of a listing. */
export function pagingOf(source: Record<string, unknown>, area: string): { offset: number; limit: number } {
  const parsed = Paging.safeParse({
    offset: source["offset"] ?? undefined,
    limit: source["limit"] ?? undefined,
  });
  if (parsed.success) return parsed.data;
  const name = String(parsed.error.issues[0]?.path[0]);
  throw new MeilisearchError(`invalid_${area}_${name}`, `Invalid value in parameter \`${name}\`.`);
}
