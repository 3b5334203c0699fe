import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { adoptReference } from "./adopt-reference.ts";
import type { PaymentAttempt } from "./attempts.ts";
import { disputeFactsOf } from "./dispute-facts.ts";
import { recordDispute } from "./disputes.ts";
import { contradictionsOfEvent } from "./event-claims.ts";
import { type WaitingEvent, processEvent } from "./event-processing.ts";
import {
  type PaymentEvent,
  markEventsFailed,
  markEventsProcessed,
  takeWaitingEvents,
} from "./event-store.ts";
import { referenceOfEvent } from "./event-subject.ts";
import { isReflected } from "./event-types.ts";
import { gatewayOf } from "./gateways.ts";
import { refuseEvent } from "./refuse-event.ts";
import { settlePayment } from "./settle-payment.ts";
import { findAttempt } from "./store.ts";

/**
 * Acts on a stored event against Postgres and the provider; see {@link processEvent}.
 * @throws AppError when the provider does not answer; the queue delivers again.
 */
export async function processPaymentEvent(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): Promise<void> {
  await processEvent<PaymentEvent & WaitingEvent, PaymentAttempt>({
    take: async () => {
      const { events, attempt } = await takeWaitingEvents(context, provider, providerEventId);
      const reportsDispute = ({ payload }: PaymentEvent) => disputeFactsOf(provider, payload) !== undefined;
      return {
        events: events.map((event) => ({ ...event, reportsDispute: reportsDispute(event) })),
        attempt,
      };
    },
    referenceOf: (event) => referenceOfEvent(context, event),
    read: async (reference) => (await gatewayOf(context, provider).read(reference)).facts,
    findAttempt: (facts) => findAttempt(context, provider, facts),
    adoptReference: (attempt, reference) => adoptReference(context, attempt, reference),
    contradictions: contradictionsOfEvent,
    refuse: (event, attempt, contradictions) => refuseEvent(context, { event, attempt, contradictions }),
    isReflected: ({ type }, { status }) => isReflected(provider, type, status),
    settle: ({ orderId, id: attemptId }) => settlePayment(context, { orderId, attemptId }),
    recordDispute: (event, attempt) => recordDispute(context, event, attempt),
    markProcessed: (eventIds) => markEventsProcessed(context, eventIds),
    markFailed: (eventIds, error) => markEventsFailed(context, eventIds, error),
  });
}
