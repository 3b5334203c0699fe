import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { presentOrder } from "#features/orders/present-order";
import { OrderWire, orderChangeErrors } from "#features/orders/schema";
import { describeRoute } from "#http/describe-route";
import {
  keyErrors,
  keyHeaders,
  neededKeyErrors,
  neededKeyHeaders,
  writeOnce,
  writeOnceByKey,
} from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { listDisputes } from "./disputes.ts";
import { receiveManualPayment } from "./receive-manual-payment.ts";
import { refundOrder } from "./refund-order.ts";
import { DisputeWire, RefundWire, RequestRefund } from "./schema.ts";

export const paymentAdminRoutes = createRouter();

const tags = ["payment (staff)"];

const orderParam = z.object({ id: idSchema("order") });

paymentAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/refunds",
    summary: "Give money of a paid order back",
    description:
      "When more than the shop's limit goes back of a payment, all its refunds together, a recent proof of who asks is needed: see `step_up_required`.",
    request: {
      params: orderParam,
      headers: neededKeyHeaders,
      body: jsonBody(RequestRefund),
    },
    responses: {
      201: json(RefundWire, "The refund; a pending one is finished by itself."),
      ...problems(
        ...orderChangeErrors,
        ...bodyErrors,
        ...neededKeyErrors,
        "refund_exceeds_payment",
        "payment_outcome_unknown",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const orderId = request.req.valid("param").id;
    const refund = await writeOnceByKey(request, { body: input, status: 201 }, (context, idempotent) =>
      refundOrder(context, { orderId, request: idempotent, input }),
    );
    return request.json(refund, 201);
  },
);

paymentAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/manual-payment",
    summary: "Confirm that the money of a manual payment has arrived",
    request: { params: orderParam, headers: keyHeaders },
    responses: {
      200: json(OrderWire, "The order as that leaves it."),
      ...problems(...orderChangeErrors, ...keyErrors),
    },
  }),
  async (request) => {
    const order = await writeOnce(request, { status: 200 }, async (context) =>
      presentOrder(await receiveManualPayment(context, request.req.valid("param").id)),
    );
    return request.json(order, 200);
  },
);

paymentAdminRoutes.openapi(
  describeRoute({
    tags,
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
      ...problems(),
    },
  }),
  async (request) => request.json(await listDisputes(request.var.context, request.req.valid("query")), 200),
);
