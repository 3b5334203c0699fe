import { Stripe } from "stripe";
import { AppError } from "#core/errors";
import type { PaymentFacts } from "#core/payment-facts";
import type { PaymentGateway, PaymentHandover } from "./payment-gateway.ts";

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
    read: (reference) => asking(async () => handoverOf(await stripe.paymentIntents.retrieve(reference))),
    capture: (attemptId, reference) =>
      change(stripe, reference, () =>
        stripe.paymentIntents.capture(reference, {}, { idempotencyKey: `${attemptId}-capture` }),
      ),
    cancel: (attemptId, reference) =>
      change(stripe, reference, () =>
        stripe.paymentIntents.cancel(reference, {}, { idempotencyKey: `${attemptId}-cancel` }),
      ),
  };
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
      return factsOf(await stripe.paymentIntents.retrieve(reference));
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
    currency: intent.currency.toUpperCase(),
    orderId: metadata["order_id"],
    attemptId: metadata["attempt_id"],
    failureCode: failure?.decline_code ?? failure?.code,
  };
}
