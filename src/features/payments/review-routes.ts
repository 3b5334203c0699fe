import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { listRefusedEvents, listReviews } from "./list-reviews.ts";
import { PaymentReviewWire, RefusedEventWire, RefusedEventsQuery, ReviewsQuery } from "./review-schema.ts";

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
