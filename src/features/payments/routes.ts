import { z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import { OrderWire, orderChangeErrors } from "#features/orders/schema";
import { describeRoute } from "#http/describe-route";
import {
  needsKey,
  neededKeyErrors,
  ownerOf,
  requireIdempotentRequest,
  writeOnceByKey,
} from "#http/idempotency";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { markReplay } from "#http/reply";
import { confirmPayment } from "./confirm-payment.ts";
import { receivePaypalWebhook } from "./receive-paypal-webhook.ts";
import { receiveStripeWebhook } from "./receive-stripe-webhook.ts";
import { ConfirmPayment, PaymentAttemptWire, StartCheckout } from "./schema.ts";
import { startCheckout } from "./start-checkout.ts";

export const paymentRoutes = createRouter();

const headers = z.object({
  "order-token": z.string().max(500).optional().openapi({ description: "A guest's key to the order." }),
  ...needsKey,
});

paymentRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/payment/checkout",
    tags: ["payment"],
    summary: "Start paying an order: the provider is asked to authorise its total",
    request: { headers, body: jsonBody(StartCheckout) },
    responses: {
      201: json(PaymentAttemptWire, "What the buyer's side needs to pay."),
      ...problems(
        "malformed_json",
        ...neededKeyErrors,
        ...orderChangeErrors,
        "order_expired",
        "payment_in_progress",
        "payment_outcome_unknown",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const orderToken = request.req.valid("header")["order-token"];
    const idempotent = await requireIdempotentRequest(request, input, input.order_id);
    const access = { orderId: input.order_id, orderToken };
    const outcome = await startCheckout(request.var.context, {
      access,
      request: { ...idempotent, beside: input.order_id },
      input,
    });
    markReplay(request, outcome);
    return request.json(outcome.body, 201);
  },
);

paymentRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/payment/confirm",
    tags: ["payment"],
    summary: "Hint that the buyer has paid; the provider is asked and the order moved on",
    description:
      "A 202 says only that the provider has not told yet, so it is not kept for the Idempotency-Key: the same request again asks the provider again. The first 200 is the answer that is replayed.",
    request: { headers, body: jsonBody(ConfirmPayment) },
    responses: {
      200: json(OrderWire, "The order as the provider's word leaves it."),
      202: json(OrderWire, "The provider has not told yet; look again at Location."),
      ...problems(
        "malformed_json",
        ...neededKeyErrors,
        "shard_moving",
        "not_found",
        "order_archived",
        "conflict",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const orderToken = request.req.valid("header")["order-token"];
    const asked = { body: input, status: 200, owner: await ownerOf(orderToken) };
    const { order, known } = await writeOnceByKey(request, asked, (context) =>
      confirmPayment(context, { orderId: input.order_id, orderToken }),
    );
    if (!known) request.header("Location", `/orders/${input.order_id}`);
    return request.json(order, known ? 200 : 202);
  },
);

paymentRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/webhooks/stripe",
    tags: ["payment"],
    summary: "Stripe's notifications",
    request: { headers: z.object({ "stripe-signature": z.string().max(2000).optional() }) },
    responses: {
      200: json(z.object({ received: z.literal(true) }), "Verified and stored."),
      ...problems("body_too_large"),
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
  describeRoute({
    method: "post",
    path: "/webhooks/paypal",
    tags: ["payment"],
    summary: "PayPal's notifications",
    responses: {
      200: json(z.object({ received: z.literal(true) }), "Verified and stored."),
      ...problems("body_too_large"),
    },
  }),
  async (request) => {
    const { headers } = request.req.raw;
    await receivePaypalWebhook(request.var.context, { body: await request.req.text(), headers });
    return request.json({ received: true as const }, 200);
  },
);
