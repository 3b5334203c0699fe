import {
  ApiError,
  CheckoutPaymentIntent,
  type Order,
  type OrderRequest,
  PaypalExperienceUserAction,
  PaypalWalletContextShippingPreference,
} from "@paypal/paypal-server-sdk";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import type { PaymentGateway, PaymentHandover, PaymentRequest, RefundRequest } from "./payment-gateway.ts";
import { handoverOf, heldAgainst, isTaken, openAuthorization, refundFactsOf } from "./paypal-facts.ts";
import { paypalValue } from "./paypal-money.ts";
import { type Paypal, PaypalSilence } from "./paypal.ts";

const representation = "return=representation";

/** PayPal's orders as a gateway: authorised once the buyer has approved, the attempt's id in every key and as invoice. */
export function paypalPayments(
  paypal: Paypal,
): PaymentGateway & Required<Pick<PaymentGateway, "completeAuthorisation">> {
  return {
    party: paypal.party,
    authorise: (request) =>
      asking(async () => {
        // An order that nobody got the address of is never approved: one too many does no harm.
        const nothing = () => Promise.resolve(undefined);
        const order = await withFreshKey(`${request.attemptId}-authorise`, nothing, (paypalRequestId) =>
          paypal.ask(({ orders }) =>
            orders.createOrder({ body: orderOf(request), paypalRequestId, prefer: representation }),
          ),
        );
        return handoverOf(order, paypal.party);
      }),
    read: (reference) => asking(async () => handoverOf(await readOrder(paypal, reference), paypal.party)),
    completeAuthorisation: (reference) => asking(() => completeAuthorisation(paypal, reference)),
    capture: (attemptId, reference) => asking(() => capture(paypal, attemptId, reference)),
    cancel: (attemptId, reference) => asking(() => cancel(paypal, attemptId, reference)),
    referenceOfCapture: (captureId) =>
      asking(async () => {
        const capture = await paypal.ask(({ payments }) => payments.getCapturedPayment({ captureId }));
        return capture.supplementaryData?.relatedIds?.orderId;
      }),
    refund: (request) => asking(() => refundOnce(paypal, request)),
  };
}

function orderOf({
  attemptId,
  orderId,
  amount,
  currency,
  returnUrl,
  cancelUrl,
}: PaymentRequest): OrderRequest {
  return {
    intent: CheckoutPaymentIntent.Authorize,
    purchaseUnits: [
      {
        referenceId: orderId,
        customId: attemptId,
        invoiceId: attemptId,
        amount: { currencyCode: currency, value: paypalValue(amount, currency) },
      },
    ],
    paymentSource: {
      paypal: {
        experienceContext: {
          userAction: PaypalExperienceUserAction.PayNow,
          shippingPreference: PaypalWalletContextShippingPreference.NoShipping,
          ...(returnUrl === undefined ? {} : { returnUrl }),
          ...(cancelUrl === undefined ? {} : { cancelUrl }),
        },
      },
    },
  };
}

export function readOrder(paypal: Paypal, reference: string): Promise<Order> {
  return paypal.ask(({ orders }) => orders.getOrder({ id: reference }));
}

/**
 * Reserves the money that the buyer has approved. It carries no key: PayPal allows one authorisation for each order, and
 * would answer a key that saw a decline with that decline again after the buyer chose another way to pay.
 */
async function completeAuthorisation(paypal: Paypal, reference: string): Promise<PaymentHandover> {
  const authorise = () =>
    paypal.ask(({ orders }) => orders.authorizeOrder({ id: reference, prefer: representation }));
  const outcome = await refusable(authorise);
  if (outcome.ok) return handoverOf(outcome.answer, paypal.party);
  const handover = handoverOf(await readOrder(paypal, reference), paypal.party);
  if (!declines.includes(outcome.issue)) return handover;
  const facts: PaymentFacts = {
    ...handover.facts,
    state: "requires_action",
    failureCode: failureCodeOf(outcome),
  };
  return { ...handover, facts };
}

/** Takes all of the authorised money. When the authorisation no longer allows that, the answer is how things stand. */
async function capture(paypal: Paypal, attemptId: string, reference: string): Promise<PaymentFacts> {
  const order = await readOrder(paypal, reference);
  const authorization = openAuthorization(order);
  if (authorization?.id === undefined) return heldAgainst(paypal.party, order);
  const authorizationId = authorization.id;
  const outcome = await refusable(() =>
    withFreshKey<unknown>(`${attemptId}-capture`, isOver(paypal, reference), (paypalRequestId) =>
      paypal.ask(({ payments }) =>
        payments.captureAuthorizedPayment({
          authorizationId,
          paypalRequestId,
          prefer: representation,
          body: { finalCapture: true },
        }),
      ),
    ),
  );
  const facts = heldAgainst(paypal.party, await readOrder(paypal, reference));
  return outcome.ok || facts.state !== "authorised"
    ? facts
    : { ...facts, failureCode: failureCodeOf(outcome) };
}

/** An order that was not authorised needs no cancelling: without our word PayPal takes nothing, and soon forgets it. */
async function cancel(paypal: Paypal, attemptId: string, reference: string): Promise<PaymentFacts> {
  const order = await readOrder(paypal, reference);
  const authorization = openAuthorization(order);
  if (authorization?.id === undefined) {
    const facts = heldAgainst(paypal.party, order);
    return facts.state === "captured" ? facts : { ...facts, state: "cancelled" };
  }
  const authorizationId = authorization.id;
  await refusable(() =>
    withFreshKey<unknown>(`${attemptId}-cancel`, isOver(paypal, reference), (paypalRequestId) =>
      paypal.ask(({ payments }) =>
        payments.voidPayment({ authorizationId, paypalRequestId, prefer: representation }),
      ),
    ),
  );
  return heldAgainst(paypal.party, await readOrder(paypal, reference));
}

/**
 * PayPal forgets keys after 45 days, so that the refunds of the payment are looked through first: one that carries our
 * id was made by an earlier try.
 */
async function refundOnce(paypal: Paypal, request: RefundRequest): Promise<RefundFacts> {
  const { refundId, reference, amount, currency } = request;
  const read = async () => (await readOrder(paypal, reference)).purchaseUnits?.[0]?.payments;
  const made = (payments: Awaited<ReturnType<typeof read>>) =>
    payments?.refunds?.find(({ customId }) => customId === refundId);
  const payments = await read();
  const earlier = made(payments);
  if (earlier) return refundFactsOf(earlier);
  const captureId = payments?.captures?.find(isTaken)?.id;
  if (captureId === undefined) return { reference: "", state: "failed", amount, failureCode: "not_captured" };
  const outcome = await refusable(() =>
    withFreshKey(
      `${refundId}-refund`,
      async () => made(await read()),
      (paypalRequestId) =>
        paypal.ask((api) =>
          api.payments.refundCapturedPayment({
            captureId,
            paypalRequestId,
            prefer: representation,
            body: {
              amount: { currencyCode: currency, value: paypalValue(amount, currency) },
              customId: refundId,
            },
          }),
        ),
    ),
  );
  return outcome.ok
    ? refundFactsOf(outcome.answer)
    : { reference: "", state: "failed", amount, failureCode: failureCodeOf(outcome) };
}

/** The order once its authorisation is over, whatever came of it. */
function isOver(paypal: Paypal, reference: string): () => Promise<Order | undefined> {
  return async () => {
    const order = await readOrder(paypal, reference);
    return openAuthorization(order) === undefined ? order : undefined;
  };
}

/** Keys of one call that may have been used up by faults. */
const keyGenerationsMax = 3;

/**
 * A 500 may be the answer to its key for as long as PayPal keeps it. Such a call is over: what came of it is read, and
 * where nothing did it is made again under the next key.
 */
async function withFreshKey<Answer>(
  key: string,
  find: () => Promise<Answer | undefined>,
  request: (key: string) => Promise<Answer>,
): Promise<Answer> {
  for (let generation = 0; ; generation++) {
    try {
      return await request(generation === 0 ? key : `${key}-${generation}`);
    } catch (error) {
      const isFault = error instanceof ApiError && error.statusCode >= 500;
      if (!isFault || generation + 1 >= keyGenerationsMax) throw error;
      const done = await find();
      if (done) return done;
    }
  }
}

const Refusal = z.object({
  details: z.array(z.looseObject({ issue: z.string() })).min(1),
});

type Outcome<Answer> = { ok: true; answer: Answer } | { ok: false; issue: string };

/** Issues with which PayPal says that the buyer's way to pay failed, and that he may choose another. */
const declines = ["INSTRUMENT_DECLINED", "PAYER_CANNOT_PAY", "TRANSACTION_REFUSED", "PAYER_ACTION_REQUIRED"];

/** Tells a refusal (422), which had no effect, from everything else. */
async function refusable<Answer>(request: () => Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { ok: true, answer: await request() };
  } catch (error) {
    if (!(error instanceof ApiError) || error.statusCode !== 422) throw error;
    const refusal = Refusal.safeParse(error.result);
    return { ok: false, issue: refusal.data?.details[0]?.issue ?? "UNPROCESSABLE_ENTITY" };
  }
}

function failureCodeOf({ issue }: { issue: string }): string {
  return issue.toLowerCase();
}

/** Tells apart what certainly had no effect from what may have had one. */
export async function asking<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    throw meaningOf(error);
  }
}

function meaningOf(error: unknown): unknown {
  const status = error instanceof ApiError ? error.statusCode : undefined;
  if (error instanceof PaypalSilence || (status !== undefined && (status >= 500 || status === 409)))
    return new AppError("payment_outcome_unknown", {
      detail: "PayPal gave no usable answer; the outcome is found out by itself. Ask again in some seconds.",
      retryAfterSeconds: 5,
      cause: error,
    });
  if (status === 429)
    return new AppError("dependency_unavailable", {
      detail: "PayPal is limiting our requests. Try again.",
      retryAfterSeconds: 2,
      cause: error,
    });
  if (status === 404)
    return new AppError("not_found", {
      detail: "PayPal no longer knows this payment: the buyer did not approve it in time. Start a new one.",
      cause: error,
    });
  return error;
}
