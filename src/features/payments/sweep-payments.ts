import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { processPaymentEvent } from "./process-payment-event.ts";
import { executeRefund } from "./execute-refund.ts";
import { takeDueRefunds } from "./refund-store.ts";
import { selectStrandedEvents, takeDueAttempts } from "./store.ts";
import { settlePayment } from "./settle-payment.ts";

/** Events and payments looked at in one sweep. */
const sweepMax = 50;

/**
 * Finishes what got stuck: events whose publication or delivery was lost, and open payments and refunds of which
 * nothing has been heard for a while. A fault with one never stops the others.
 * @returns how many were looked at.
 */
export async function sweepPayments(context: Context): Promise<number> {
  const events = await selectStrandedEvents(context, sweepMax);
  for (const { provider, providerEventId } of events)
    await tolerate(context, () => processPaymentEvent(context, provider, providerEventId));
  const attempts = await takeDueAttempts(context, sweepMax);
  for (const { id, orderId } of attempts) await tolerate(context, () => settlePayment(context, orderId, id));
  const refunds = await takeDueRefunds(context, sweepMax);
  for (const refund of refunds) await tolerate(context, () => executeRefund(context, refund));
  return events.length + attempts.length + refunds.length;
}

async function tolerate(context: Context, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.log("warn", "the payment sweep could not finish one payment", errorFields(error));
  }
}
