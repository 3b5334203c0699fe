import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import { type SignedWebhook, subjectOfPaypalEvent, verifyPaypalEvent } from "#providers/paypal-events";
import { storePaymentEvent } from "./event-store.ts";
import { publishStoredEvent } from "./publish-payment-event.ts";

/**
 * Takes what PayPal tells: the signature over the raw body is checked, the event is stored once, and only then is it
 * acknowledged. It is acted on by the queue's delivery; a publication that gets lost is found by the sweep.
 * @throws AppError invalid_signature, dependency_unavailable when PayPal's certificate cannot be had.
 */
export async function receivePaypalWebhook(context: Context, signed: SignedWebhook): Promise<void> {
  const { PAYPAL_WEBHOOK_ID: webhookId, PAYPAL_API_URL: apiUrl } = context.settings;
  const event =
    webhookId === undefined
      ? undefined
      : await verifyPaypalEvent({ webhookId, apiUrl }, signed, context.now());
  if (event === undefined)
    throw new AppError("invalid_signature", {
      detail: "PayPal's signature does not match the body, or is too old.",
    });
  const matters = await storePaymentEvent(context, {
    id: newId("paymentEvent", context.now()),
    provider: "paypal",
    providerEventId: event.id,
    type: event.event_type,
    // Events of refunds and disputes name a capture only: its payment is asked for when they are acted on.
    providerReference: subjectOfPaypalEvent(event).reference ?? null,
    payload: event,
    occurredAt: new Date(event.create_time),
  });
  if (matters) publishStoredEvent(context, "paypal", event.id);
}
