import { AppError } from "#core/errors";
import { listDeadEvents, reviveEvent } from "#events/outbox";
import { listFailingPaymentEvents } from "#features/payments/failing-events";
import { processPaymentEvent } from "#features/payments/process-payment-event";
import type { Context } from "#platform/context";
import type { DeadLetterWire } from "./schema.ts";

/** Letters of each kind that one answer holds; replay the oldest to see more. */
export const deadLettersMax = 100;

/** What has failed so often that it waits for a person: events whose handlers failed, and payment events. Oldest first. */
export async function listDeadLetters(context: Context): Promise<DeadLetterWire[]> {
  const [events, paymentEvents] = await Promise.all([
    listDeadEvents(context, deadLettersMax),
    listFailingPaymentEvents(context, deadLettersMax),
  ]);
  return [
    ...events.map((event) => ({ ...event, kind: "event" as const })),
    ...paymentEvents.map((event) => ({ ...event, kind: "payment_event" as const })),
  ].toSorted((a, b) => (a.since < b.since ? -1 : 1));
}

/**
 * Tries a dead letter once more: an event goes back into the outbox for the handlers that have not finished with it, a
 * payment event is acted on at once.
 * @throws AppError not_found; for a payment event also what it fails with.
 */
export async function replayDeadLetter(context: Context, id: string): Promise<void> {
  if (id.startsWith("evt_")) {
    if (!(await reviveEvent(context, id))) throw notFound();
    context.wakeOutbox();
    return;
  }
  const failing = await listFailingPaymentEvents(context, deadLettersMax);
  const event = failing.find((each) => each.id === id);
  if (event === undefined) throw notFound();
  await processPaymentEvent(context, event.provider, event.provider_event_id);
}

function notFound(): AppError {
  return new AppError("not_found", {
    detail: "There is no such dead letter; it may have been delivered meanwhile.",
  });
}
