import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { neededKeyErrors, neededKeyHeaders, requireIdempotentRequest } from "#http/idempotency";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { markReplay } from "#http/reply";
import { adjustStock } from "./adjust-stock.ts";
import { inventoryAdminRoutes } from "./admin-routes.ts";
import { readAvailability } from "./read-availability.ts";
import { readMovements } from "./read-movements.ts";
import { AdjustStock, AvailabilityWire, LedgerEntryWire, MovementWire, Sku } from "./schema.ts";

export const inventoryRoutes = createRouter();
inventoryRoutes.route("/", inventoryAdminRoutes);

const skuParam = z.object({ sku: Sku });

inventoryRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/inventory/{sku}",
    tags: ["inventory"],
    summary: "How many units of a SKU can be sold",
    request: { params: skuParam },
    responses: {
      200: json(AvailabilityWire, "Advisory; an order's hold decides."),
      ...problems("not_found"),
    },
  }),
  async (request) => {
    const { sku } = request.req.valid("param");
    request.header("Cache-Control", "public, max-age=1");
    return request.json(await readAvailability(request.var.context, sku), 200);
  },
);

inventoryRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/admin/inventory/{sku}/adjustments",
    tags: ["inventory"],
    summary: "Receive, lose or recount units",
    request: {
      params: skuParam,
      headers: neededKeyHeaders,
      body: jsonBody(AdjustStock),
    },
    responses: {
      201: json(MovementWire, "The movement that took effect."),
      ...problems("not_found", ...neededKeyErrors, "insufficient_stock", "version_mismatch"),
    },
  }),
  async (request) => {
    const { sku } = request.req.valid("param");
    const input = request.req.valid("json");
    const idempotent = await requireIdempotentRequest(request, input);
    const outcome = await adjustStock(request.var.context, { sku, input, request: idempotent });
    markReplay(request, outcome);
    return request.json(outcome.body, 201);
  },
);

inventoryRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/admin/inventory/{sku}/movements",
    tags: ["inventory"],
    summary: "A SKU's journal, newest first",
    request: {
      params: skuParam,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(100).default(50),
        after: z.coerce
          .number()
          .int()
          .min(1)
          .max(Number.MAX_SAFE_INTEGER)
          .optional()
          .openapi({ description: "The `seq` to go on behind." }),
      }),
    },
    responses: {
      200: json(
        z.object({
          data: z.array(LedgerEntryWire),
          has_more: z.boolean(),
          next_cursor: z.string().nullable(),
        }),
        "A page of the journal.",
      ),
      ...problems("not_found"),
    },
  }),
  async (request) => {
    const { sku } = request.req.valid("param");
    return request.json(await readMovements(request.var.context, sku, request.req.valid("query")), 200);
  },
);
