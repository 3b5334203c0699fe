import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { listAlerts } from "./list-alerts.ts";
import { reconcileStock } from "./reconcile-stock.ts";
import {
  InventorySweepWire,
  Reconcile,
  ReconciliationWire,
  SetThreshold,
  Sku,
  StockAlertWire,
  ThresholdWire,
  alertLevels,
} from "./schema.ts";
import { setThreshold } from "./set-threshold.ts";
import { sweepInventory } from "./sweep-inventory.ts";

/** Watching over stock: thresholds, alerts, and whether the books agree. */
export const inventoryAdminRoutes = createRouter();

const tags = ["inventory"];

const skuParam = z.object({ sku: Sku });

inventoryAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "put",
    path: "/admin/inventory/{sku}/threshold",
    summary: "Set at how many available units a SKU is low",
    request: { params: skuParam, headers: keyHeaders, body: jsonBody(SetThreshold) },
    responses: {
      200: json(ThresholdWire, "The threshold, and the level that it gives."),
      ...problems(...bodyErrors, ...keyErrors, "not_found"),
    },
  }),
  async (request) => {
    const { sku } = request.req.valid("param");
    const input = request.req.valid("json");
    const threshold = await writeOnce(request, { body: input, status: 200 }, (context) =>
      setThreshold(context, sku, input.low_at),
    );
    return request.json(threshold, 200);
  },
);

inventoryAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/inventory/alerts",
    summary: "SKUs that are low or out",
    request: { query: z.strictObject({ level: z.enum(alertLevels).optional(), ...pageQuery }) },
    responses: {
      200: json(pageOf(StockAlertWire), "A page of the SKUs, by SKU."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const { level, ...query } = request.req.valid("query");
    const page = await listAlerts(request.var.context, level, pageRequestOf(query));
    return request.json(
      pageToWire(page, (alert) => alert),
      200,
    );
  },
);

inventoryAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/inventory/{sku}/reconcile",
    summary: "Compare a SKU's stock with its ledger and its orders, and on request put it right",
    request: { params: skuParam, headers: keyHeaders, body: optionalJsonBody(Reconcile) },
    responses: {
      200: json(ReconciliationWire, "In what they disagree; empty when they agree."),
      ...problems(...bodyErrors, ...keyErrors, "not_found"),
    },
  }),
  async (request) => {
    const { sku } = request.req.valid("param");
    const input = request.req.valid("json");
    const report = await writeOnce(request, { body: input, status: 200 }, (context) =>
      reconcileStock(context, sku, input),
    );
    return request.json(report, 200);
  },
);

inventoryAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/inventory/reconcile",
    summary: "Compare the next SKUs that are due for it, as the sweep does",
    request: { headers: keyHeaders },
    responses: {
      200: json(InventorySweepWire, "How many were compared, and which of them disagree."),
      ...problems(...keyErrors),
    },
  }),
  async (request) => request.json(await writeOnce(request, { status: 200 }, sweepInventory), 200),
);
