import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";

/** Hands a stored event to the queue; the provider's event id spares the queue repeated work. */
export function publishPaymentEvent(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): Promise<void> {
  return context.queue.publish({
    path: "/jobs/payment-events",
    body: { provider, event_id: providerEventId },
    deduplicationId: `${provider}-${providerEventId}`,
    traceparent: context.traceparent,
  });
}
