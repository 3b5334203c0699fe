import type { Stripe } from "stripe";
import { z } from "zod";
import { releaseCharge } from "./charges.ts";
import { recordEvent } from "./events.ts";
import { expandable, parseParameters } from "./parameters.ts";
import { chargeOf } from "./payment-attempts.ts";
import { moveTo, requireStatusFor } from "./payment-intent-states.ts";
import { findIntent } from "./payment-intents.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const CancelIntent = z.strictObject({
  ...expandable,
  cancellation_reason: z.enum(["abandoned", "duplicate", "fraudulent", "requested_by_customer"]).optional(),
});

export function cancelPaymentIntent(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(CancelIntent, call.fields);
  const intent = findIntent(work, id);
  requireStatusFor("canceled", intent);
  if (intent.status === "requires_capture") {
    work.timers.cancel({ kind: "expire_authorisation", objectId: intent.id });
    recordEvent(work, "charge.refunded", { object: releaseCharge(work, chargeOf(work, intent)) });
  }
  return answer(closeIntent(work, intent, parameters.cancellation_reason ?? null));
}

/** Nobody captured in time: the bank takes the reservation back and Stripe cancels the intent. */
export function expireAuthorisation(work: Work, intent: Stripe.PaymentIntent): void {
  recordEvent(work, "charge.expired", { object: releaseCharge(work, chargeOf(work, intent)) });
  closeIntent(work, intent, "automatic");
}

function closeIntent(
  work: Work,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent {
  const canceled = moveTo("canceled", intent, {
    amount_capturable: 0,
    canceled_at: work.clock.nowSeconds(),
    cancellation_reason: reason,
    next_action: null,
  });
  work.store.save(canceled);
  recordEvent(work, "payment_intent.canceled", { object: canceled });
  return canceled;
}
