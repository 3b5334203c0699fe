import { z } from "zod";
import { parseDocuments } from "../document-payload.ts";
import { type DocumentDeletion, filterDocuments } from "../document-tasks.ts";
import { type Document, pickAttributes } from "../engine/attribute-path.ts";
import { parseFilter } from "../engine/filter-parser.ts";
import { rankDocuments } from "../engine/ranking.ts";
import { sortRule } from "../engine/ranking-rules.ts";
import { parseSort } from "../engine/find.ts";
import { refuseInvalidUid } from "../index-uid.ts";
import { MeilisearchError } from "../meilisearch-error.ts";
import {
  accepted,
  type Call,
  jsonBody,
  ok,
  pagingOf,
  type Reply,
  type Route,
  type Services,
} from "./route.ts";

const Id = z.union([z.string(), z.number()]).transform(String);
const Fetch = z.looseObject({
  fields: z.array(z.string()).nullish(),
  filter: z.union([z.string(), z.array(z.unknown())]).nullish(),
  ids: z.array(Id).nullish(),
  sort: z.array(z.string()).nullish(),
});
const Deletion = z.object({ filter: z.unknown() });

export const documentRoutes: Route[] = [
  {
    method: "GET",
    path: "/indexes/:index/documents",
    action: "documents.get",
    handle: (call, services) => {
      const source: Record<string, unknown> = Object.fromEntries(call.query);
      for (const name of ["fields", "ids", "sort"]) {
        const text = call.query.get(name);
        if (text !== null) source[name] = text.split(",").map((each) => each.trim());
      }
      return fetchDocuments(call, source, services);
    },
  },
  {
    method: "POST",
    path: "/indexes/:index/documents/fetch",
    action: "documents.get",
    handle: (call, services) => {
      const source = z.record(z.string(), z.unknown()).safeParse(jsonBody(call));
      if (!source.success) throw new MeilisearchError("bad_request", "The body must be an object.");
      return fetchDocuments(call, source.data, services);
    },
  },
  {
    method: "GET",
    path: "/indexes/:index/documents/:document",
    action: "documents.get",
    handle: ({ parameter, query }, { store }) => {
      const id = parameter("document");
      const document = store.findDocument(store.getIndex(parameter("index")), id);
      if (document === undefined)
        throw new MeilisearchError("document_not_found", `Document \`${id}\` not found.`);
      return ok(pickAttributes(document, query.get("fields")?.split(",") ?? ["*"]));
    },
  },
  { method: "POST", path: "/indexes/:index/documents", action: "documents.add", handle: replaceDocuments },
  { method: "PUT", path: "/indexes/:index/documents", action: "documents.add", handle: mergeDocuments },
  {
    method: "DELETE",
    path: "/indexes/:index/documents/:document",
    action: "documents.delete",
    handle: (call, services) => deletion(call, services, { by: "ids", ids: [call.parameter("document")] }),
  },
  {
    method: "DELETE",
    path: "/indexes/:index/documents",
    action: "documents.delete",
    handle: (call, services) => deletion(call, services, { by: "all" }),
  },
  {
    method: "POST",
    path: "/indexes/:index/documents/delete-batch",
    action: "documents.delete",
    handle: (call, services) => {
      const ids = z.array(Id).safeParse(jsonBody(call));
      if (!ids.success) throw new MeilisearchError("bad_request", "The body must be a list of document ids.");
      return deletion(call, services, { by: "ids", ids: ids.data });
    },
  },
  {
    method: "POST",
    path: "/indexes/:index/documents/delete",
    action: "documents.delete",
    handle: (call, services) => {
      const { filter } = Deletion.catch({ filter: undefined }).parse(jsonBody(call));
      if (filter === undefined)
        throw new MeilisearchError("missing_document_filter", "Missing field `filter`");
      if (filterDocuments(() => parseFilter(filter)) === undefined) {
        throw new MeilisearchError("invalid_document_filter", "Sending an empty filter is forbidden.");
      }
      return deletion(call, services, { by: "filter", filter });
    },
  },
];

function replaceDocuments(call: Call, services: Services): Reply {
  return addition(call, services, "replace");
}

function mergeDocuments(call: Call, services: Services): Reply {
  return addition(call, services, "merge");
}

function addition(call: Call, services: Services, mode: "replace" | "merge"): Reply {
  const indexUid = call.parameter("index");
  refuseInvalidUid(indexUid);
  const delimiter = call.query.get("csvDelimiter") ?? ",";
  const documents = parseDocuments(call.body.toString(), call.contentType, delimiter);
  const payload = {
    documents,
    primaryKey: call.query.get("primaryKey"),
    isPartial: mode === "merge",
    skipCreation: call.query.get("skipCreation") === "true",
  };
  const details = { receivedDocuments: documents.length, indexedDocuments: null };
  const customMetadata = call.query.get("customMetadata");
  return accepted({ type: "documentAdditionOrUpdate", indexUid, details, payload, customMetadata }, services);
}

function deletion(call: Call, services: Services, payload: DocumentDeletion): Reply {
  const details = {
    providedIds: payload.by === "ids" ? payload.ids.length : 0,
    deletedDocuments: null,
    originalFilter: payload.by === "filter" ? JSON.stringify(payload.filter) : null,
  };
  const customMetadata = call.query.get("customMetadata");
  const indexUid = call.parameter("index");
  return accepted({ type: "documentDeletion", indexUid, details, payload, customMetadata }, services);
}

async function fetchDocuments(
  { parameter }: Call,
  source: Record<string, unknown>,
  { store, indexes }: Services,
): Promise<Reply> {
  const stored = store.getIndex(parameter("index"));
  const index = await indexes.open(stored);
  const parsed = Fetch.safeParse(source);
  if (!parsed.success) throw new MeilisearchError("bad_request", z.prettifyError(parsed.error));
  const { fields, filter, ids, sort } = parsed.data;
  const { offset, limit } = pagingOf(source, "document");
  const wanted = ids ? new Set(ids) : undefined;
  const matching = filterDocuments(() => index.filter(filter))
    .members()
    .filter((document) => wanted?.has(index.idOf(document)) ?? true);
  const rules = parseSort(sort ?? [], index, "invalid_document_sort").map((sortBy) =>
    sortRule(index, sortBy),
  );
  const results = rankDocuments(matching, rules, offset + limit)
    .slice(offset, offset + limit)
    .map((document) => store.findDocument(stored, index.idOf(document)))
    .filter((document) => document !== undefined)
    .map((document: Document) => pickAttributes(document, fields ?? ["*"]));
  return ok({ results, offset, limit, total: matching.length });
}
