import type { Stripe } from "stripe";
import {
  AUTHORISATION_VALID_SECONDS,
  captureCharge,
  type Decline,
  findCharge,
  storeCharge,
} from "./charges.ts";
import { recordEvent } from "./events.ts";
import type { StripeErrorBody } from "./failure.ts";
import { moveTo, unexpectedState } from "./payment-intent-states.ts";
import { behaviourOf, resolvePaymentMethod } from "./payment-methods.ts";
import { answer, type Reply, type Work } from "./simulation.ts";

const PROCESSING_SECONDS = 10;

const AUTHENTICATION_REQUIRED: Decline = {
  code: "authentication_required",
  declineCode: "authentication_required",
  message: "Your card was declined. This transaction requires authentication.",
};
const INSUFFICIENT_FUNDS: Decline = {
  code: "card_declined",
  declineCode: "insufficient_funds",
  message: "Your card has insufficient funds.",
};

type Circumstances = { isOffSession: boolean; returnUrl: string | null; origin: string };

/** Tries the intent's payment method: the method's test card decides what comes of it. */
export function attemptPayment(
  work: Work,
  intent: Stripe.PaymentIntent,
  circumstances: Circumstances,
): Reply {
  const method = methodOfIntent(work, intent);
  const behaviour = behaviourOf(method);
  switch (behaviour.kind) {
    case "decline":
      return declinePayment(work, intent, { method, decline: behaviour });
    case "authenticate":
      return circumstances.isOffSession
        ? declinePayment(work, intent, { method, decline: AUTHENTICATION_REQUIRED })
        : requireAuthentication(work, intent, circumstances);
    case "process":
      return answer(startProcessing(work, intent, method));
    case "approve":
    case "approve_available_at_once":
    case "dispute":
    case "refund_pending":
    case "refund_fails":
      return answer(approvePayment(work, intent, method));
  }
}

function methodOfIntent(work: Work, intent: Stripe.PaymentIntent): Stripe.PaymentMethod {
  if (typeof intent.payment_method === "string") return resolvePaymentMethod(work, intent.payment_method);
  throw unexpectedState(
    intent,
    "You cannot confirm this PaymentIntent because it's missing a payment method. To confirm the PaymentIntent " +
      `with ${intent.id}, specify a payment method attached to this customer along with the customer ID.`,
  );
}

/** The buyer came back from the authentication page. */
export function finishAuthentication(work: Work, intent: Stripe.PaymentIntent, isApproved: boolean): Reply {
  const method = methodOfIntent(work, intent);
  const behaviour = behaviourOf(method);
  if (!isApproved) return failAuthentication(work, intent, method);
  if (behaviour.kind === "authenticate" && behaviour.afterwards === "insufficient_funds") {
    return declinePayment(work, intent, { method, decline: INSUFFICIENT_FUNDS });
  }
  return answer(approvePayment(work, intent, method));
}

function requireAuthentication(
  work: Work,
  intent: Stripe.PaymentIntent,
  { returnUrl, origin }: Circumstances,
): Reply {
  const waiting = moveTo("requires_action", intent, {
    last_payment_error: null,
    next_action: {
      type: "redirect_to_url",
      redirect_to_url: { return_url: returnUrl, url: `${origin}/authenticate/${intent.client_secret}` },
    },
  });
  work.store.save(waiting);
  recordEvent(work, "payment_intent.requires_action", { object: waiting });
  return answer(waiting);
}

function failAuthentication(work: Work, intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): Reply {
  const failed = moveTo("requires_payment_method", intent, {
    last_payment_error: {
      type: "invalid_request_error",
      code: "payment_intent_authentication_failure",
      message:
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new " +
        "PaymentMethod to attempt to fulfill this PaymentIntent again.",
      payment_method: method,
    },
    next_action: null,
    payment_method: null,
  });
  work.store.save(failed);
  recordEvent(work, "payment_intent.payment_failed", { object: failed });
  return answer(failed);
}

function declinePayment(
  work: Work,
  intent: Stripe.PaymentIntent,
  { method, decline }: { method: Stripe.PaymentMethod; decline: Decline },
): Reply {
  const charge = storeCharge(work, intent, { method, outcome: { status: "failed", decline } });
  const error = {
    type: "card_error",
    code: decline.code,
    decline_code: decline.declineCode,
    message: decline.message,
    charge: charge.id,
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll("_", "-")}`,
    payment_method: method,
  } satisfies StripeErrorBody;
  const failed = moveTo("requires_payment_method", intent, {
    last_payment_error: error,
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
  });
  work.store.save(failed);
  recordEvent(work, "charge.failed", { object: charge });
  recordEvent(work, "payment_intent.payment_failed", { object: failed });
  return { status: 402, body: { error: { ...error, payment_intent: failed } } };
}

function startProcessing(
  work: Work,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const charge = storeCharge(work, intent, { method, outcome: { status: "pending" } });
  const processing = moveTo("processing", intent, {
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    processing: { type: "card" },
  });
  work.store.save(processing);
  work.timers.set(
    { kind: "finish_processing", objectId: intent.id },
    work.clock.nowSeconds() + PROCESSING_SECONDS,
  );
  recordEvent(work, "charge.pending", { object: charge });
  recordEvent(work, "payment_intent.processing", { object: processing });
  return processing;
}

/** The bank's late answer to a processing payment. */
export function finishProcessing(work: Work, intent: Stripe.PaymentIntent): void {
  const pending = chargeOf(work, intent);
  const charge: Stripe.Charge = { ...pending, paid: true, status: "succeeded" };
  work.store.save(charge);
  settleApproved(work, intent, charge);
}

function approvePayment(
  work: Work,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const charge = storeCharge(work, intent, { method, outcome: { status: "succeeded" } });
  return settleApproved(work, intent, charge);
}

function settleApproved(
  work: Work,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
): Stripe.PaymentIntent {
  const now = work.clock.nowSeconds();
  const approved = {
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    processing: null,
  };
  if (intent.capture_method === "manual") {
    const reserved = moveTo("requires_capture", intent, { ...approved, amount_capturable: intent.amount });
    work.store.save(reserved);
    work.timers.set({ kind: "expire_authorisation", objectId: intent.id }, now + AUTHORISATION_VALID_SECONDS);
    recordEvent(work, "charge.succeeded", { object: charge });
    recordEvent(work, "payment_intent.amount_capturable_updated", { object: reserved });
    return reserved;
  }
  const captured = captureCharge(work, charge, charge.amount);
  const paid = moveTo("succeeded", intent, { ...approved, amount_received: captured.amount_captured });
  work.store.save(paid);
  recordEvent(work, "charge.succeeded", { object: captured });
  recordEvent(work, "payment_intent.succeeded", { object: paid });
  return paid;
}

export function chargeOf(work: Work, intent: Stripe.PaymentIntent): Stripe.Charge {
  if (typeof intent.latest_charge !== "string") throw new Error(`Payment intent ${intent.id} has no charge.`);
  return findCharge(work, intent.latest_charge, "charge");
}
