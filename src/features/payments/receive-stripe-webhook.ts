import type { Stripe } from "stripe";
import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import { verifyStripeEvent } from "#providers/stripe";
import { storePaymentEvent } from "./event-store.ts";
import { publishStoredEvent } from "./publish-payment-event.ts";

/**
 * Takes what Stripe tells: the signature over the raw body is checked, the event is stored once, and only then is it
 * acknowledged. It is acted on by the queue's delivery; a publication that gets lost is found by the sweep.
 * @throws AppError invalid_signature.
 */
export async function receiveStripeWebhook(
  context: Context,
  signed: { body: string; signature: string },
): Promise<void> {
  const event = await verifyStripeEvent(context.stripe, context.settings.STRIPE_WEBHOOK_SECRET, signed);
  if (event === undefined)
    throw new AppError("invalid_signature", {
      detail: "Stripe-Signature does not match the body, or is too old.",
    });
  const matters = await storePaymentEvent(context, {
    id: newId("paymentEvent", context.now()),
    provider: "stripe",
    providerEventId: event.id,
    type: event.type,
    providerReference: paymentIntentOf(event),
    payload: event,
    occurredAt: new Date(event.created * 1000),
  });
  if (matters) publishStoredEvent(context, "stripe", event.id);
}

/** The payment intent that an event is about, or null when it is about none. */
function paymentIntentOf(event: Stripe.Event): string | null {
  const { object } = event.data;
  if (!("object" in object)) return null;
  if (object.object === "payment_intent") return object.id;
  if (!("payment_intent" in object)) return null;
  const intent = object.payment_intent;
  return typeof intent === "string" ? intent : (intent?.id ?? null);
}
