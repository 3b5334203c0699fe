import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, problems } from "#http/openapi";
import { orderChangeErrors } from "#features/orders/schema";
import { listRefunds } from "./list-refunds.ts";
import { readPaymentWatch } from "./payment-watch.ts";
import { retryRefund } from "./retry-refund.ts";
import { RefundWire, RefundsQuery } from "./schema.ts";
import { PaymentWatchWire } from "./watch-schema.ts";

export const paymentWatchRoutes = createRouter();

const tags = ["payment (staff)"];

paymentWatchRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/payment-watch",
    summary: "How many payments are in doubt, and for how long",
    description:
      "What lasts is also reported to the error tracker, once for each order: all of these figures are nought in a shop where nothing is wrong.",
    responses: { 200: json(PaymentWatchWire, "The figures of this moment."), ...problems() },
  }),
  async (request) => request.json(await readPaymentWatch(request.var.context), 200),
);

paymentWatchRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/refunds",
    summary: "Refunds, newest first",
    request: { query: RefundsQuery },
    responses: {
      200: json(
        z.object({ data: z.array(RefundWire), has_more: z.boolean(), next_cursor: z.string().nullable() }),
        "A page of refunds.",
      ),
      ...problems(),
    },
  }),
  async (request) => request.json(await listRefunds(request.var.context, request.req.valid("query")), 200),
);

paymentWatchRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/refunds/{id}/retry",
    summary: "Try once more to give back money that nobody owed",
    description: "For refunds of origin `system` that failed. One that staff asked for is asked for anew.",
    request: { params: z.object({ id: idSchema("refund") }), headers: keyHeaders },
    responses: {
      200: json(RefundWire, "The refund that takes its place; a pending one is finished by itself."),
      ...problems(...orderChangeErrors, ...keyErrors, "refund_exceeds_payment", "payment_outcome_unknown"),
    },
  }),
  async (request) => {
    const refund = await writeOnce(request, { status: 200 }, (context) =>
      retryRefund(context, request.req.valid("param").id),
    );
    return request.json(refund, 200);
  },
);
