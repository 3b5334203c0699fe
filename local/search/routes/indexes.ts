import { z } from "zod";
import { IndexSwaps } from "../index-tasks.ts";
import type { StoredIndex } from "../index-store.ts";
import { refuseInvalidUid } from "../index-uid.ts";
import { MeilisearchError } from "../meilisearch-error.ts";
import { accepted, jsonBody, ok, pagingOf, type Route, type Services } from "./route.ts";

const NewIndex = z.object({ uid: z.string().optional(), primaryKey: z.string().nullish() });
const IndexChange = z.object({ uid: z.string().nullish(), primaryKey: z.string().nullish() });

export const indexRoutes: Route[] = [
  {
    method: "GET",
    path: "/indexes",
    action: "indexes.get",
    handle: ({ query }, { store }) => {
      const { offset, limit } = pagingOf(Object.fromEntries(query), "index");
      const all = store.listIndexes();
      return ok({ results: all.slice(offset, offset + limit).map(viewOf), offset, limit, total: all.length });
    },
  },
  {
    method: "POST",
    path: "/indexes",
    action: "indexes.create",
    handle: (call, services) => {
      const { uid, primaryKey = null } = parseBody(NewIndex, jsonBody(call));
      if (uid === undefined) throw new MeilisearchError("missing_index_uid", "Missing field `uid`");
      refuseInvalidUid(uid);
      const details = { primaryKey };
      return accepted({ type: "indexCreation", indexUid: uid, details, payload: details }, services);
    },
  },
  {
    method: "GET",
    path: "/indexes/:index",
    action: "indexes.get",
    handle: ({ parameter }, { store }) => ok(viewOf(store.getIndex(parameter("index")))),
  },
  {
    method: "PATCH",
    path: "/indexes/:index",
    action: "indexes.update",
    handle: (call, services) => {
      const { uid = null, primaryKey = null } = parseBody(IndexChange, jsonBody(call));
      if (uid !== null) refuseInvalidUid(uid);
      const details = { primaryKey, ...(uid !== null && { newUid: uid }) };
      const payload = { primaryKey, newUid: uid };
      return accepted({ type: "indexUpdate", indexUid: call.parameter("index"), details, payload }, services);
    },
  },
  {
    method: "DELETE",
    path: "/indexes/:index",
    action: "indexes.delete",
    handle: ({ parameter }, services) =>
      accepted(
        {
          type: "indexDeletion",
          indexUid: parameter("index"),
          details: { deletedDocuments: null },
          payload: null,
        },
        services,
      ),
  },
  {
    method: "POST",
    path: "/indexes/:index/compact",
    action: "indexes.compact",
    handle: ({ parameter }, services) =>
      accepted(
        { type: "indexCompaction", indexUid: parameter("index"), details: null, payload: null },
        services,
      ),
  },
  {
    method: "GET",
    path: "/indexes/:index/stats",
    action: "stats.get",
    handle: async ({ parameter }, services) => {
      const stored = services.store.getIndex(parameter("index"));
      return ok(await statsOf(stored, services));
    },
  },
  {
    method: "POST",
    path: "/swap-indexes",
    action: "indexes.swap",
    handle: (call, services) => {
      const swaps = parseBody(IndexSwaps, jsonBody(call));
      refuseRepeated(swaps.flatMap(({ indexes }) => indexes));
      return accepted({ type: "indexSwap", indexUid: null, details: { swaps }, payload: swaps }, services);
    },
  },
];

export async function statsOf(stored: StoredIndex, { store, indexes, tasks }: Services) {
  const index = await indexes.open(stored);
  const { documents, bytes } = store.sizeOf(stored);
  return {
    numberOfDocuments: documents,
    rawDocumentDbSize: bytes,
    avgDocumentSize: documents === 0 ? 0 : Math.round(bytes / documents),
    isIndexing: tasks.indexesBeingWritten().has(stored.uid),
    numberOfEmbeddings: 0,
    numberOfEmbeddedDocuments: 0,
    fieldDistribution: index.fieldDistribution(),
  };
}

function viewOf({ uid, createdAt, updatedAt, primaryKey }: StoredIndex) {
  return { uid, createdAt, updatedAt, primaryKey };
}

function parseBody<Shape extends z.ZodType>(shape: Shape, body: unknown): z.infer<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new MeilisearchError("bad_request", z.prettifyError(parsed.error));
}

function refuseRepeated(uids: readonly string[]): void {
  const repeated = uids.find((uid, index) => uids.indexOf(uid) !== index);
  if (repeated === undefined) return;
  throw new MeilisearchError(
    "invalid_swap_duplicate_index_found",
    `Indexes must be declared only once during a swap. \`${repeated}\` was specified several times.`,
  );
}
