import { Stripe } from "stripe";
import { AppError } from "#core/errors";
import { timeOfId } from "#core/ids";
import { contradictionsOf } from "#core/payment-claims";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import type {
  PaymentGateway,
  PaymentHandover,
  PaymentParty,
  PaymentRequest,
  RefundRequest,
} from "./payment-gateway.ts";
import { accountOfStripeObject, modeOfStripeObject } from "./stripe-claims.ts";

/** Stripe's payment intents as a gateway: manual capture, the attempt's id in the metadata and in every key. */
export function stripePayments(stripe: Stripe, party: PaymentParty): PaymentGateway {
  const handoverOf = (intent: Stripe.PaymentIntent) => handedOver(intent, party);
  const factsAfter = async (intent: Promise<Stripe.PaymentIntent>) => heldAgainst(party, await intent);
  return {
    party,
    authorise: (request) => asking(async () => handoverOf(await createOnce(stripe, request))),
    read: (reference) => asking(async () => handoverOf(await retrieve(stripe, reference))),
    capture: (attemptId, reference) =>
      factsAfter(
        change(stripe, reference, (generation) =>
          stripe.paymentIntents.capture(reference, {}, keyOf(`${attemptId}-capture`, generation)),
        ),
      ),
    cancel: (attemptId, reference) =>
      factsAfter(
        change(stripe, reference, (generation) =>
          stripe.paymentIntents.cancel(reference, {}, keyOf(`${attemptId}-cancel`, generation)),
        ),
      ),
    refund: (request) => asking(() => refundOnce(stripe, request)),
  };
}

export function retrieve(stripe: Stripe, reference: string): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.retrieve(reference, { expand: ["latest_charge"] });
}

/** Hours after which Stripe may have forgotten a key: the earlier call is looked for before it is repeated. */
const keyMsMax = 23 * 60 * 60 * 1000;

async function createOnce(stripe: Stripe, request: PaymentRequest): Promise<Stripe.PaymentIntent> {
  const { attemptId, orderId, amount, currency } = request;
  const find = async () => {
    const found = await stripe.paymentIntents.search({ query: `metadata['attempt_id']:'${attemptId}'` });
    return found.data[0];
  };
  const isKeyForgotten = Date.now() - timeOfId(attemptId) > keyMsMax;
  const earlier = isKeyForgotten ? await find() : undefined;
  if (earlier) return earlier;
  return withFreshKey(find, (generation) =>
    stripe.paymentIntents.create(
      {
        amount,
        currency: currency.toLowerCase(),
        capture_method: "manual",
        automatic_payment_methods: { enabled: true },
        metadata: { order_id: orderId, attempt_id: attemptId },
      },
      keyOf(`${attemptId}-authorise`, generation),
    ),
  );
}

function keyOf(key: string, generation: number): Stripe.RequestOptions {
  return { idempotencyKey: generation === 0 ? key : `${key}-${generation}` };
}

/** Keys of one call that may have been used up by stored faults. */
const keyGenerationsMax = 3;

/**
 * Stripe keeps a 500 under its key for a day and says it again to every repetition. Such a call is over: what came of it
 * is read, and where nothing did it is made again under the next key.
 */
async function withFreshKey<Answer>(
  find: () => Promise<Answer | undefined>,
  request: (generation: number) => Promise<Answer>,
): Promise<Answer> {
  for (let generation = 0; ; generation++) {
    try {
      return await request(generation);
    } catch (error) {
      if (!isStoredFault(error) || generation + 1 >= keyGenerationsMax) throw error;
      const done = await find();
      if (done) return done;
    }
  }
}

function isStoredFault(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeAPIError && error.headers?.["idempotent-replayed"] === "true";
}

/** Refunds of one payment that are looked through for ours. */
const refundsListedMax = 100;

/**
 * Stripe forgets idempotency keys after a day, so that the refunds of the payment are looked through first: one that
 * carries our id was made by an earlier try.
 */
async function refundOnce(stripe: Stripe, request: RefundRequest): Promise<RefundFacts> {
  const { refundId, reference, amount } = request;
  const find = async () => {
    const made = await stripe.refunds.list({ payment_intent: reference, limit: refundsListedMax });
    return made.data.find((refund) => refund.metadata?.["refund_id"] === refundId);
  };
  const earlier = await find();
  if (earlier) return refundFactsOf(earlier);
  try {
    const refund = await withFreshKey(find, (generation) =>
      stripe.refunds.create(
        { payment_intent: reference, amount, metadata: { refund_id: refundId } },
        keyOf(`${refundId}-refund`, generation),
      ),
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
  request: (generation: number) => Promise<Stripe.PaymentIntent>,
): Promise<Stripe.PaymentIntent> {
  return asking(async () => {
    const find = async () => {
      const intent = await retrieve(stripe, reference);
      return intent.status === "succeeded" || intent.status === "canceled" ? intent : undefined;
    };
    try {
      return await withFreshKey(find, request);
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
      if (error.code !== "payment_intent_unexpected_state") throw error;
      return await retrieve(stripe, reference);
    }
  });
}

/** Tells apart what certainly had no effect from what may have had one. */
export async function asking<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    // A twin of this call is under way, and whoever made it hears of its outcome: nobody has lost sight of anything.
    if (error instanceof Stripe.errors.StripeError && error.code === "idempotency_key_in_use")
      throw new AppError("dependency_unavailable", {
        detail: "Stripe is still at the same call of another request. Ask again in some seconds.",
        retryAfterSeconds: 2,
        cause: error,
      });
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

function handedOver(intent: Stripe.PaymentIntent, party: PaymentParty): PaymentHandover {
  return {
    facts: heldAgainst(party, intent),
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

/** What the intent says, and whether its money is ours. */
function heldAgainst(party: PaymentParty, intent: Stripe.PaymentIntent): PaymentFacts {
  const told = { mode: modeOfStripeObject(intent), account: accountOfStripeObject(intent) };
  return { ...factsOf(intent), foreign: contradictionsOf(party, told) };
}

export function factsOf(intent: Stripe.PaymentIntent): PaymentFacts {
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
