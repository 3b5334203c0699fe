import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { processPaymentEvent } from "./process-payment-event.ts";
import { selectStrandedEvents, takeDueAttempts } from "./store.ts";
import { settlePayment } from "./settle-payment.ts";

/** Events and payments looked at in one sweep. */
const sweepMax = 50;

/**
 * Finishes what got stuck: events whose publication or delivery was lost, and open payments of which nothing has been
 * heard for a while. A fault with one never stops the others.
 * @returns how many were looked at.
 */
export async function sweepPayments(context: Context): Promise<number> {
  const events = await selectStrandedEvents(context, sweepMax);
  for (const { provider, providerEventId } of events)
    await tolerate(context, () => processPaymentEvent(context, provider, providerEventId));
  const attempts = await takeDueAttempts(context, sweepMax);
  for (const { orderId } of attempts) await tolerate(context, () => settlePayment(context, orderId));
  return events.length + attempts.length;
}

async function tolerate(context: Context, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.log("warn", "the payment sweep could not finish one payment", errorFields(error));
  }
}
