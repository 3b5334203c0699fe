import { z } from "zod";
import { requireClientSecret } from "./buyer-view.ts";
import { accepted, expandable, parseParameters, shipping, truth } from "./parameters.ts";
import { attemptPayment } from "./payment-attempts.ts";
import { requireStatusFor } from "./payment-intent-states.ts";
import { findIntent, givenPaymentMethod } from "./payment-intents.ts";
import { CardData } from "./payment-methods.ts";
import type { Call, Reply, Work } from "./simulation.ts";

const ConfirmIntent = z.strictObject({
  ...expandable,
  capture_method: z.enum(["automatic", "automatic_async", "manual"]).optional(),
  client_secret: z.string().optional(),
  error_on_requires_action: truth.optional(),
  key: z.string().optional(),
  off_session: truth.optional(),
  payment_method: z.string().optional(),
  payment_method_data: CardData.optional(),
  ...accepted("allowed_payment_method_types", "amount_details", "excluded_payment_method_types", "hooks"),
  ...accepted("mandate", "mandate_data", "payment_details", "payment_method_options", "radar_options"),
  receipt_email: z.string().optional(),
  return_url: z.url().optional(),
  setup_future_usage: z.enum(["off_session", "on_session"]).optional(),
  shipping: shipping.optional(),
  use_stripe_sdk: truth.optional(),
});

export function confirmPaymentIntent(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(ConfirmIntent, call.fields);
  const intent = findIntent(work, id);
  requireClientSecret(call, intent, parameters.client_secret);
  requireStatusFor("confirmed", intent);
  const chosen = {
    ...intent,
    capture_method: parameters.capture_method ?? intent.capture_method,
    payment_method: givenPaymentMethod(work, parameters) ?? intent.payment_method,
    receipt_email: parameters.receipt_email ?? intent.receipt_email,
    setup_future_usage: parameters.setup_future_usage ?? intent.setup_future_usage,
    shipping: parameters.shipping ?? intent.shipping,
  };
  return attemptPayment(work, chosen, {
    isOffSession: parameters.off_session ?? false,
    returnUrl: parameters.return_url ?? null,
    origin: call.origin,
  });
}
