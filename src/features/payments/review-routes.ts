import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { OrderWire, orderChangeErrors } from "#features/orders/schema";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { decideReview } from "./decide-review.ts";
import { listRefusedEvents, listReviews } from "./list-reviews.ts";
import {
  DecideReview,
  PaymentReviewWire,
  RefusedEventWire,
  RefusedEventsQuery,
  ReviewsQuery,
} from "./review-schema.ts";

export const paymentReviewRoutes = createRouter();

const tags = ["payment (staff)"];

const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), has_more: z.boolean(), next_cursor: z.string().nullable() });

paymentReviewRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/payment-reviews",
    summary: "Payments that contradict their orders, newest first",
    description: "What differs, with both values, and what was decided. The order stands still meanwhile.",
    request: { query: ReviewsQuery },
    responses: { 200: json(pageOf(PaymentReviewWire), "A page of reviews."), ...problems() },
  }),
  async (request) => request.json(await listReviews(request.var.context, request.req.valid("query")), 200),
);

paymentReviewRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/payment-review",
    summary: "Decide on an order whose payment contradicts it",
    description: "The first decision holds; the same decision again has no further effect.",
    request: {
      params: z.object({ id: idSchema("order") }),
      headers: keyHeaders,
      body: jsonBody(DecideReview),
    },
    responses: {
      200: json(
        OrderWire,
        "The order as the decision leaves it. Money that goes back may still be on its way.",
      ),
      ...problems(
        ...orderChangeErrors,
        ...bodyErrors,
        ...keyErrors,
        "payment_not_acceptable",
        "insufficient_stock",
        "payment_outcome_unknown",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const orderId = request.req.valid("param").id;
    const order = await writeOnce(request, { body: input, status: 200 }, (context) =>
      decideReview(context, orderId, input),
    );
    return request.json(order, 200);
  },
);

paymentReviewRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/refused-payment-events",
    summary: "Providers' events that contradict what we know, newest first",
    description:
      "Of another account or mode, of another order or amount: signed and stored, and not acted on. Where their order could be stopped, it is in review.",
    request: { query: RefusedEventsQuery },
    responses: { 200: json(pageOf(RefusedEventWire), "A page of events."), ...problems() },
  }),
  async (request) =>
    request.json(await listRefusedEvents(request.var.context, request.req.valid("query")), 200),
);
