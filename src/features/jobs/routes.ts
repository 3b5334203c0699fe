import { createRoute, z } from "@hono/zod-openapi";
import { paymentProviders } from "#core/payment-facts";
import { processPaymentEvent } from "#features/payments/process-payment-event";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { requireQueueSignature } from "#http/queue-signature";

/** What the queue delivers: at least once, in any order. Any answer but 2xx is delivered again. */
export const jobRoutes = createRouter();

const done = {
  200: json(z.object({ done: z.literal(true) }), "The job is done; a repetition does nothing."),
};
const queueOnly = { tags: ["operations"], middleware: requireQueueSignature };

jobRoutes.openapi(
  createRoute({
    ...queueOnly,
    method: "post",
    path: "/jobs/payment-events",
    summary: "Act on a stored payment event",
    request: {
      body: jsonBody(z.strictObject({ provider: z.enum(paymentProviders), event_id: z.string().max(255) })),
    },
    responses: {
      ...done,
      ...problems("invalid_signature", "malformed_json", "payment_outcome_unknown", "conflict"),
    },
  }),
  async (request) => {
    const { provider, event_id: eventId } = request.req.valid("json");
    await processPaymentEvent(request.var.context, provider, eventId);
    return request.json({ done: true as const }, 200);
  },
);

jobRoutes.openapi(
  createRoute({
    ...queueOnly,
    method: "post",
    path: "/jobs/outbox",
    summary: "Deliver what is due in the outbox",
    responses: { ...done, ...problems("invalid_signature") },
  }),
  (request) => {
    request.var.context.wakeOutbox();
    return request.json({ done: true as const }, 200);
  },
);
