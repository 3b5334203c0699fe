import { createRoute, z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { presentOrder } from "#features/orders/present-order";
import { OrderWire } from "#features/orders/schema";
import { requireRole } from "#http/auth";
import { requireIdempotentRequest } from "#http/idempotency";
import {
  bearerSecurity,
  bodyErrors,
  createRouter,
  idempotencyKey,
  json,
  jsonBody,
  problems,
} from "#http/openapi";
import { markReplay } from "#http/reply";
import { listDisputes } from "./disputes.ts";
import { receiveManualPayment } from "./receive-manual-payment.ts";
import { refundOrder } from "./refund-order.ts";
import { DisputeWire, RefundWire, RequestRefund } from "./schema.ts";

export const paymentAdminRoutes = createRouter();

const staffOnly = {
  security: bearerSecurity,
  tags: ["payment (staff)"],
  middleware: requireRole("admin"),
};
const orderParam = z.object({ id: idSchema("order") });
const staffProblems = [
  "unauthenticated",
  "token_expired",
  "invalid_token",
  "forbidden",
  "not_found",
] as const;

paymentAdminRoutes.openapi(
  createRoute({
    ...staffOnly,
    method: "post",
    path: "/admin/orders/{id}/refunds",
    summary: "Give money of a paid order back",
    request: {
      params: orderParam,
      headers: z.object({ "idempotency-key": idempotencyKey.optional() }),
      body: jsonBody(RequestRefund),
    },
    responses: {
      201: json(RefundWire, "The refund; a pending one is finished by itself."),
      ...problems(
        ...staffProblems,
        ...bodyErrors,
        "idempotency_key_required",
        "idempotency_key_reused",
        "invalid_transition",
        "refund_exceeds_payment",
        "payment_outcome_unknown",
        "conflict",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const idempotent = await requireIdempotentRequest(request, input);
    const orderId = request.req.valid("param").id;
    const outcome = await refundOrder(request.var.context, { orderId, request: idempotent, input });
    markReplay(request, outcome);
    return request.json(outcome.body, 201);
  },
);

paymentAdminRoutes.openapi(
  createRoute({
    ...staffOnly,
    method: "post",
    path: "/admin/orders/{id}/manual-payment",
    summary: "Confirm that the money of a manual payment has arrived",
    request: { params: orderParam },
    responses: {
      200: json(OrderWire, "The order as that leaves it."),
      ...problems(...staffProblems, "invalid_transition", "conflict"),
    },
  }),
  async (request) => {
    const order = await receiveManualPayment(request.var.context, request.req.valid("param").id);
    return request.json(presentOrder(order), 200);
  },
);

paymentAdminRoutes.openapi(
  createRoute({
    ...staffOnly,
    method: "get",
    path: "/admin/disputes",
    summary: "Disputed payments, newest first",
    request: {
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(100).default(20),
        after: idSchema("dispute").optional(),
      }),
    },
    responses: {
      200: json(
        z.object({ data: z.array(DisputeWire), has_more: z.boolean(), next_cursor: z.string().nullable() }),
        "A page of disputes.",
      ),
      ...problems("unauthenticated", "token_expired", "invalid_token", "forbidden"),
    },
  }),
  async (request) => request.json(await listDisputes(request.var.context, request.req.valid("query")), 200),
);
