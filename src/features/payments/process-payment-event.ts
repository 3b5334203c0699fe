import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import {
  changeAttempt,
  findAttempt,
  loadPaymentEvent,
  markEventFailed,
  markEventProcessed,
} from "./store.ts";
import { settlePayment } from "./settle-payment.ts";

/**
 * Acts on a stored event: a wake-up for the payment that it names. What the provider says now counts, not what the
 * event said then. Repeating a processed event does nothing.
 * @throws AppError when the provider does not answer; the queue delivers again.
 */
export async function processPaymentEvent(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): Promise<void> {
  const event = await loadPaymentEvent(context, provider, providerEventId);
  if (event === undefined || event.processedAt !== null) return;
  try {
    if (event.providerReference !== null) await settleReference(context, provider, event.providerReference);
    await markEventProcessed(context, event.id);
  } catch (error) {
    await markEventFailed(context, event.id, error instanceof Error ? error.message : "unknown fault");
    throw error;
  }
}

/** Settles the payment with this provider's id; a payment that is not ours is left alone. */
async function settleReference(
  context: Context,
  provider: PaymentProvider,
  reference: string,
): Promise<void> {
  const { facts } = await context.payments[provider].read(reference);
  const attempt = await findAttempt(context, provider, facts);
  if (attempt === undefined) return;
  // The process died between the provider's answer and storing it: the event brings the reference.
  if (attempt.providerReference === null)
    await transact(context.databases.primary, [
      changeAttempt(context, attempt, { status: "pending", reference }),
    ]);
  await settlePayment(context, attempt.orderId);
}
