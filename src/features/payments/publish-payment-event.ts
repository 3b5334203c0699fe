import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";

/** Publishes after the answer; when that gets lost, the sweep finds the event. */
export function publishStoredEvent(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): void {
  context.afterResponse(
    publishPaymentEvent(context, provider, providerEventId).catch((error: unknown) =>
      context.log("warn", "a payment event waits for the sweep", { ...errorFields(error), provider }),
    ),
  );
}

/** Hands a stored event to the queue; the provider's event id spares the queue repeated work. */
function publishPaymentEvent(
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
