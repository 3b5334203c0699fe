import { Stripe } from "stripe";
import { AppError } from "#core/errors";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import type { PaymentGateway, PaymentHandover, RefundRequest } from "./payment-gateway.ts";

/** Stripe's payment intents as a gateway: manual capture, the attempt's id in the metadata and in every key. */
export function stripePayments(stripe: Stripe): PaymentGateway {
  return {
    authorise: (request) =>
      asking(async () => {
        const intent = await stripe.paymentIntents.create(
          {
            amount: request.amount,
            currency: request.currency.toLowerCase(),
            capture_method: "manual",
            automatic_payment_methods: { enabled: true },
            metadata: { order_id: request.orderId, attempt_id: request.attemptId },
          },
          { idempotencyKey: `${request.attemptId}-authorise` },
        );
        return handoverOf(intent);
      }),
    read: (reference) => asking(async () => handoverOf(await retrieve(stripe, reference))),
    capture: (attemptId, reference) =>
      change(stripe, reference, () =>
        stripe.paymentIntents.capture(reference, {}, { idempotencyKey: `${attemptId}-capture` }),
      ),
    cancel: (attemptId, reference) =>
      change(stripe, reference, () =>
        stripe.paymentIntents.cancel(reference, {}, { idempotencyKey: `${attemptId}-cancel` }),
      ),
    refund: (request) => asking(() => refundOnce(stripe, request)),
  };
}

function retrieve(stripe: Stripe, reference: string): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.retrieve(reference, { expand: ["latest_charge"] });
}

/** Refunds of one payment that are looked through for ours. */
const refundsListedMax = 100;

/**
 * Stripe forgets idempotency keys after a day, so that the refunds of the payment are looked through first: one that
 * carries our id was made by an earlier try.
 */
async function refundOnce(stripe: Stripe, request: RefundRequest): Promise<RefundFacts> {
  const { refundId, reference, amount } = request;
  const made = await stripe.refunds.list({ payment_intent: reference, limit: refundsListedMax });
  const earlier = made.data.find((refund) => refund.metadata?.["refund_id"] === refundId);
  if (earlier) return refundFactsOf(earlier);
  try {
    const refund = await stripe.refunds.create(
      { payment_intent: reference, amount, metadata: { refund_id: refundId } },
      { idempotencyKey: `${refundId}-refund` },
    );
    return refundFactsOf(refund);
  } catch (error) {
    // Stripe's word that it will not refund, such as charge_already_refunded: final.
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    return { reference: "", state: "failed", amount, failureCode: error.code ?? "refused" };
  }
}

function refundFactsOf(refund: Stripe.Refund): RefundFacts {
  const { id, status, amount, failure_reason: reason } = refund;
  const state =
    status === "succeeded"
      ? "succeeded"
      : status === "failed" || status === "canceled"
        ? "failed"
        : "pending";
  return { reference: id, state, amount, failureCode: reason };
}

/** Changes an intent; when its state no longer allows that, the answer is the state that it is in. */
function change(
  stripe: Stripe,
  reference: string,
  request: () => Promise<Stripe.PaymentIntent>,
): Promise<PaymentFacts> {
  return asking(async () => {
    try {
      return factsOf(await request());
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
      if (error.code !== "payment_intent_unexpected_state") throw error;
      return factsOf(await retrieve(stripe, reference));
    }
  });
}

/** Tells apart what certainly had no effect from what may have had one. */
async function asking<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeConnectionError || error instanceof Stripe.errors.StripeAPIError)
      throw new AppError("payment_outcome_unknown", {
        detail:
          "Stripe gave no usable answer; the outcome is found out by itself. Ask again in some seconds.",
        retryAfterSeconds: 5,
        cause: error,
      });
    if (error instanceof Stripe.errors.StripeRateLimitError)
      throw new AppError("dependency_unavailable", {
        detail: "Stripe is limiting our requests. Try again.",
        retryAfterSeconds: 2,
        cause: error,
      });
    throw error;
  }
}

function handoverOf(intent: Stripe.PaymentIntent): PaymentHandover {
  return {
    facts: factsOf(intent),
    ...(intent.client_secret === null ? {} : { clientSecret: intent.client_secret }),
  };
}

/** A status that Stripe may add later is nothing final to us, hence pending. */
const stateOf: Partial<Record<string, PaymentFacts["state"]>> = {
  requires_payment_method: "pending",
  requires_confirmation: "pending",
  processing: "pending",
  requires_action: "requires_action",
  requires_capture: "authorised",
  succeeded: "captured",
  canceled: "cancelled",
};

function factsOf(intent: Stripe.PaymentIntent): PaymentFacts {
  const { last_payment_error: failure, metadata } = intent;
  return {
    reference: intent.id,
    state: stateOf[intent.status] ?? "pending",
    amount: intent.amount,
    capturedAmount: intent.amount_received,
    refundedAmount: refundedOf(intent),
    currency: intent.currency.toUpperCase(),
    orderId: metadata["order_id"],
    attemptId: metadata["attempt_id"],
    failureCode: failure?.decline_code ?? failure?.code,
  };
}

/** Known where the charge was read along; an authorisation that was given back counts as nothing refunded. */
function refundedOf({ latest_charge: charge, amount_received: received }: Stripe.PaymentIntent): number {
  if (charge === null || typeof charge === "string" || received === 0) return 0;
  return Math.min(charge.amount_refunded, received);
}
