import { z } from "@hono/zod-openapi";
import { paymentProviders } from "#core/payment-facts";
import { processPaymentEvent } from "#features/payments/process-payment-event";
import { runReconciliation } from "#features/reconciliation/run-reconciliation";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";

/** What the queue delivers: at least once, in any order. Any answer but 2xx is delivered again. */
export const jobRoutes = createRouter();

const done = {
  200: json(z.object({ done: z.literal(true) }), "The job is done; a repetition does nothing."),
};
const tags = ["operations"];

jobRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/jobs/payment-events",
    summary: "Act on a stored payment event",
    request: {
      body: jsonBody(z.strictObject({ provider: z.enum(paymentProviders), event_id: z.string().max(255) })),
    },
    responses: {
      ...done,
      ...problems("malformed_json", "payment_outcome_unknown", "conflict"),
    },
  }),
  async (request) => {
    const { provider, event_id: eventId } = request.req.valid("json");
    await processPaymentEvent(request.var.context, provider, eventId);
    return request.json({ done: true as const }, 200);
  },
);

jobRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/jobs/reconciliation",
    summary: "Go on comparing with the payment providers' own records",
    request: { body: optionalJsonBody(z.strictObject({})) },
    responses: { ...done, ...problems("malformed_json") },
  }),
  async (request) => {
    await runReconciliation(request.var.context);
    return request.json({ done: true as const }, 200);
  },
);

jobRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/jobs/outbox",
    summary: "Deliver what is due in the outbox",
    responses: { ...done, ...problems() },
  }),
  (request) => {
    request.var.context.wakeOutbox();
    return request.json({ done: true as const }, 200);
  },
);
