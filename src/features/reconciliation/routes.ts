import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { closeDifference, listDifferences, presentDifference, readDifference } from "./differences.ts";
import {
  CloseDifference,
  DifferenceQuery,
  PaymentDifferenceWire,
  ReconciliationWire,
  StartReconciliation,
} from "./schema.ts";
import { showReconciliation, startReconciliation } from "./start-reconciliation.ts";

export const reconciliationRoutes = createRouter();

const tags = ["payment (staff)"];

const differenceParam = z.object({ id: idSchema("paymentDifference") });

reconciliationRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/reconciliation",
    summary: "How far our payments were compared with the providers' own records",
    responses: { 200: json(ReconciliationWire, "The figures."), ...problems() },
  }),
  async (request) => request.json(await showReconciliation(request.var.context), 200),
);

reconciliationRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/reconciliation",
    summary: "Compare with the providers' own records now",
    request: { headers: keyHeaders, body: optionalJsonBody(StartReconciliation) },
    responses: {
      202: json(ReconciliationWire, "It is under way; read the figures to see how far it has come."),
      ...problems(...bodyErrors, ...keyErrors),
    },
  }),
  async (request) => {
    const body = request.req.valid("json");
    const figures = await writeOnce(request, { body, status: 202 }, (context) =>
      startReconciliation(context, body.provider),
    );
    return request.json(figures, 202);
  },
);

reconciliationRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/payment-differences",
    summary: "In what our payments and the providers' own records differ, the newest first",
    request: { query: z.strictObject({ ...pageQuery, ...DifferenceQuery }) },
    responses: {
      200: json(pageOf(PaymentDifferenceWire), "A page of differences."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const { limit, after, before, ...filter } = request.req.valid("query");
    const wanted = pageRequestOf({ limit, after, before });
    const page = await listDifferences(request.var.context, wanted, filter);
    return request.json(pageToWire(page, presentDifference), 200);
  },
);

reconciliationRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/payment-differences/{id}",
    summary: "One difference",
    request: { params: differenceParam },
    responses: { 200: json(PaymentDifferenceWire, "The difference."), ...problems("not_found") },
  }),
  async (request) => {
    const row = await readDifference(request.var.context, request.req.valid("param").id);
    return request.json(presentDifference(row), 200);
  },
);

reconciliationRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/payment-differences/{id}/close",
    summary: "Close a difference that people have looked into",
    request: { params: differenceParam, headers: keyHeaders, body: jsonBody(CloseDifference) },
    responses: {
      200: json(PaymentDifferenceWire, "The difference, closed until its amounts change."),
      ...problems(...bodyErrors, ...keyErrors, "not_found", "invalid_transition"),
    },
  }),
  async (request) => {
    const body = request.req.valid("json");
    const { id } = request.req.valid("param");
    const closed = await writeOnce(request, { body, status: 200 }, async (context) =>
      presentDifference(await closeDifference(context, id, body.note)),
    );
    return request.json(closed, 200);
  },
);
