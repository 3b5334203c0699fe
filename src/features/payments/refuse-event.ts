import { AppError } from "#core/errors";
import { type Contradiction, isContradictory, mismatchIn } from "#core/payment-claims";
import { loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import type { PaymentAttempt } from "./attempts.ts";
import { type PaymentEvent, markEventRefused } from "./event-store.ts";
import { parking } from "./parking.ts";
import { isStoppable } from "./rules.ts";
import { changePayment } from "./settle-payment.ts";

/** Rounds after lost races. */
const roundsMax = 3;

type Refused = {
  event: PaymentEvent;
  attempt: PaymentAttempt | undefined;
  contradictions: readonly Contradiction[];
};

/**
 * Keeps an event that contradicts what we know: shown to people, and not acted on. The order that its payment pays stops
 * until a person has looked, unless it has come further than that; the event is done only after that.
 * @throws AppError conflict when others moved the order all the time.
 */
export async function refuseEvent(context: Context, refused: Refused): Promise<void> {
  const { event, contradictions } = refused;
  const { provider } = event;
  context.log("warn", "an event contradicts what we know, and is not acted on", { provider });
  await stopOrder(context, refused);
  await markEventRefused(context, event.id, contradictions);
}

async function stopOrder(context: Context, { event, attempt, contradictions }: Refused): Promise<void> {
  if (attempt === undefined || !isContradictory(contradictions)) return;
  const cause = { reason: mismatchIn(contradictions), contradictions, eventId: event.id };
  for (let round = 0; round < roundsMax; round++) {
    const order = await loadOrder(context, attempt.orderId);
    if (order === undefined || order.attempt?.id !== attempt.id || !isStoppable(order.status)) return;
    if (await changePayment(context, order, parking({ ...cause, attemptId: attempt.id }))) return;
  }
  throw new AppError("conflict", { detail: `The order ${attempt.orderId} is being changed by others.` });
}
