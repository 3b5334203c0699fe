import type { Stripe } from "stripe";
import { StripeFailure } from "./failure.ts";

export const INTENT_STATUSES = [
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "requires_capture",
  "succeeded",
  "canceled",
] as const;
export type IntentStatus = (typeof INTENT_STATUSES)[number];

/** From https://docs.stripe.com/payments/paymentintents/lifecycle; only the simulator's own verbs move an intent. */
export const INTENT_TRANSITIONS: Record<IntentStatus, readonly IntentStatus[]> = {
  requires_payment_method: [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
  ],
  requires_confirmation: [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
  ],
  requires_action: [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
  ],
  processing: ["requires_capture", "succeeded"],
  requires_capture: ["succeeded", "canceled"],
  succeeded: [],
  canceled: [],
};

type Verb = "confirmed" | "captured" | "canceled" | "updated";

const OPEN = ["requires_payment_method", "requires_confirmation", "requires_action"] as const;

const STATUSES_FOR: Record<Verb, readonly IntentStatus[]> = {
  confirmed: OPEN,
  captured: ["requires_capture"],
  canceled: ["requires_payment_method", "requires_capture", "requires_confirmation", "requires_action"],
  updated: OPEN,
};

/** Throws Stripe's refusal unless the intent's status allows the verb. */
export function requireStatusFor(verb: Verb, intent: Stripe.PaymentIntent): void {
  const allowed: readonly string[] = STATUSES_FOR[verb];
  if (allowed.includes(intent.status)) return;
  throw unexpectedState(
    intent,
    `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}. ` +
      `Only a PaymentIntent with one of the following statuses may be ${verb}: ${allowed.join(", ")}.`,
  );
}

export function unexpectedState(intent: Stripe.PaymentIntent, message: string): StripeFailure {
  return new StripeFailure(400, {
    type: "invalid_request_error",
    code: "payment_intent_unexpected_state",
    message,
    payment_intent: intent,
  });
}

/** The one place where an intent changes its status. */
export function moveTo(
  status: IntentStatus,
  intent: Stripe.PaymentIntent,
  changes: Partial<Stripe.PaymentIntent> = {},
): Stripe.PaymentIntent {
  const from = INTENT_STATUSES.find((known) => known === intent.status);
  if (from === undefined || !INTENT_TRANSITIONS[from].includes(status)) {
    throw new Error(`A payment intent cannot go from ${intent.status} to ${status}.`);
  }
  return { ...intent, ...changes, status };
}
