import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import { presentOrder } from "#features/orders/present-order";
import { OrderWire } from "#features/orders/schema";
import { requireIdempotentRequest } from "#http/idempotency";
import { createRouter, idempotencyKey, json, jsonBody, problems } from "#http/openapi";
import { markReplay } from "#http/reply";
import { confirmPayment } from "./confirm-payment.ts";
import { receivePaypalWebhook } from "./receive-paypal-webhook.ts";
import { receiveStripeWebhook } from "./receive-stripe-webhook.ts";
import { ConfirmPayment, PaymentAttemptWire, StartCheckout } from "./schema.ts";
import { startCheckout } from "./start-checkout.ts";

export const paymentRoutes = createRouter();

const headers = z.object({
  "order-token": z.string().max(500).optional().openapi({ description: "A guest's key to the order." }),
  "idempotency-key": idempotencyKey.optional(),
});

paymentRoutes.openapi(
  createRoute({
    method: "post",
    path: "/payment/checkout",
    tags: ["payment"],
    summary: "Start paying an order: the provider is asked to authorise its total",
    request: { headers, body: jsonBody(StartCheckout) },
    responses: {
      201: json(PaymentAttemptWire, "What the buyer's side needs to pay."),
      ...problems(
        "malformed_json",
        "idempotency_key_required",
        "idempotency_key_reused",
        "not_found",
        "invalid_transition",
        "order_expired",
        "payment_in_progress",
        "payment_outcome_unknown",
        "token_expired",
        "invalid_token",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const orderToken = request.req.valid("header")["order-token"];
    const idempotent = await requireIdempotentRequest(request, input, input.order_id);
    const access = { orderId: input.order_id, orderToken };
    const outcome = await startCheckout(request.var.context, { access, request: idempotent, input });
    markReplay(request, outcome);
    return request.json(outcome.body, 201);
  },
);

paymentRoutes.openapi(
  createRoute({
    method: "post",
    path: "/payment/confirm",
    tags: ["payment"],
    summary: "Hint that the buyer has paid; the provider is asked and the order moved on",
    request: { headers, body: jsonBody(ConfirmPayment) },
    responses: {
      200: json(OrderWire, "The order as the provider's word leaves it."),
      202: json(OrderWire, "The provider has not told yet; look again at Location."),
      ...problems(
        "malformed_json",
        "idempotency_key_required",
        "not_found",
        "token_expired",
        "invalid_token",
        "conflict",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    await requireIdempotentRequest(request, input, input.order_id);
    const orderToken = request.req.valid("header")["order-token"];
    const confirmation = await confirmPayment(request.var.context, { orderId: input.order_id, orderToken });
    if (!confirmation.known) request.header("Location", `/orders/${input.order_id}`);
    return request.json(presentOrder(confirmation.order), confirmation.known ? 200 : 202);
  },
);

paymentRoutes.openapi(
  createRoute({
    method: "post",
    path: "/webhooks/stripe",
    tags: ["payment"],
    summary: "Stripe's notifications",
    request: { headers: z.object({ "stripe-signature": z.string().max(2000).optional() }) },
    responses: {
      200: json(z.object({ received: z.literal(true) }), "Verified and stored."),
      ...problems("invalid_signature", "body_too_large"),
    },
  }),
  async (request) => {
    const signature = request.req.valid("header")["stripe-signature"];
    if (signature === undefined)
      throw new AppError("invalid_signature", { detail: "The Stripe-Signature header is missing." });
    await receiveStripeWebhook(request.var.context, { body: await request.req.text(), signature });
    return request.json({ received: true as const }, 200);
  },
);

paymentRoutes.openapi(
  createRoute({
    method: "post",
    path: "/webhooks/paypal",
    tags: ["payment"],
    summary: "PayPal's notifications",
    responses: {
      200: json(z.object({ received: z.literal(true) }), "Verified and stored."),
      ...problems("invalid_signature", "body_too_large"),
    },
  }),
  async (request) => {
    const { headers } = request.req.raw;
    await receivePaypalWebhook(request.var.context, { body: await request.req.text(), headers });
    return request.json({ received: true as const }, 200);
  },
);
