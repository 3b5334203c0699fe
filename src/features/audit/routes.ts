import { z } from "@hono/zod-openapi";
import { toTimestamp, epochMs } from "#core/time";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { type AuditEntryRow, listAuditEntries, readAuditHead } from "./read-entries.ts";
import { AuditEntryWire, AuditHead, auditFilters } from "./schema.ts";

export const auditRoutes = createRouter();

auditRoutes.openapi(
  describeRoute({
    tags: ["operations"],
    method: "get",
    path: "/admin/audit",
    summary: "What staff and API keys did, newest first",
    request: { query: z.strictObject({ ...pageQuery, ...auditFilters }) },
    responses: {
      200: json(pageOf(AuditEntryWire), "A page of the audit log."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const query = request.req.valid("query");
    const page = await listAuditEntries(request.var.context, query, pageRequestOf(query));
    return request.json(pageToWire(page, entryToWire), 200);
  },
);

auditRoutes.openapi(
  describeRoute({
    tags: ["operations"],
    method: "get",
    path: "/admin/audit/head",
    summary: "The newest entry's place and hash: keep it elsewhere, to prove later that nothing was cut off",
    responses: { 200: json(AuditHead, "The head of the chain.") },
  }),
  async (request) => request.json(await readAuditHead(request.var.context), 200),
);

function entryToWire(row: AuditEntryRow): AuditEntryWire {
  return {
    sequence: row.sequence,
    previous_hash: row.previousHash,
    hash: row.hash,
    content: row.content,
    recorded_at: toTimestamp(epochMs(row.recordedAt.getTime())),
  };
}
