import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { recordDispute } from "./disputes.ts";
import { processEvent } from "./event-processing.ts";
import { referenceOfEvent } from "./event-subject.ts";
import { gatewayOf } from "./gateways.ts";
import { settlePayment } from "./settle-payment.ts";
import {
  changeAttempt,
  findAttempt,
  loadPaymentEvent,
  markEventFailed,
  markEventProcessed,
} from "./store.ts";

/**
 * Acts on a stored event against Postgres and the provider; see {@link processEvent}.
 * @throws AppError when the provider does not answer; the queue delivers again.
 */
export async function processPaymentEvent(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): Promise<void> {
  const event = await loadPaymentEvent(context, provider, providerEventId);
  await processEvent(
    {
      referenceOf: async () => (event ? referenceOfEvent(context, event) : undefined),
      read: async (reference) => (await gatewayOf(context, provider).read(reference)).facts,
      findAttempt: (facts) => findAttempt(context, provider, facts),
      adoptReference: async (attempt, reference) => {
        try {
          await transact(context.databases.primary, [
            changeAttempt(context, attempt, { status: "pending", reference }),
          ]);
        } catch (error) {
          if (lostRace(error)) return false;
          throw error;
        }
        return true;
      },
      settle: async (attempt) => {
        await settlePayment(context, attempt.orderId, attempt.id);
        if (event) await recordDispute(context, event, attempt);
      },
      markProcessed: (eventId) => markEventProcessed(context, eventId),
      markFailed: (eventId, error) => markEventFailed(context, eventId, error),
    },
    event,
  );
}
