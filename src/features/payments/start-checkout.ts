import { AppError } from "#core/errors";
import { newIdBeside } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import { type OrderAccess, ownOrderStatement, requireOwnOrder } from "#features/orders/read-own-order";
import { type Order, orderIn } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import {
  type IdempotentRequest,
  type Outcome,
  answerOfClaim,
  answersAt,
  claimStatement,
  insertIdempotencyRecord,
  lostToSameKey,
  releaseClaim,
} from "#platform/idempotency";
import type { PaymentHandover } from "#providers/payment-gateway";
import type { PaymentAttempt } from "./attempts.ts";
import { endPayment } from "./end-payment.ts";
import { gatewayOf, isOffered } from "./gateways.ts";
import { manualFacts } from "./manual-gateway.ts";
import { type OpeningPorts, openPayment } from "./opening.ts";
import type { PaymentAttemptWire, StartCheckout } from "./schema.ts";
import { changePayment, settlePayment } from "./settle-payment.ts";
import { changeAttempt, insertAttempt, insertPromise } from "./store.ts";

type CheckoutRequest = { access: OrderAccess; request: IdempotentRequest; input: StartCheckout };

/**
 * Asks a provider to authorise an order's total; see {@link openPayment}.
 * @throws AppError not_found, invalid_transition, order_expired, payment_in_progress, payment_outcome_unknown,
 * idempotency_key_reused, idempotency_conflict.
 */
export async function startCheckout(
  context: Context,
  checkout: CheckoutRequest,
): Promise<Outcome<PaymentAttemptWire>> {
  if (!isOffered(context, checkout.input.provider))
    throw new AppError("invalid_request", {
      detail: `This shop takes no ${checkout.input.provider} payments.`,
      errors: [{ pointer: "/provider", code: "not_offered", detail: "Choose another provider." }],
    });
  const { order, attempt, handover, answered, overtaken } = await tryToOpen(context, checkout);
  if (answered) return { ...answered.answer, body: withSecrets(context, answered.answer.body, handover) };
  const body = withSecrets(context, presentAttempt(order, attempt), handover);
  return { status: 201, body, replayed: overtaken };
}

type Answered = { attemptId: string; answer: Outcome<PaymentAttemptWire> };

async function tryToOpen(context: Context, checkout: CheckoutRequest) {
  try {
    return await openPayment(portsOf(context, checkout), checkout.input.provider);
  } catch (error) {
    await releaseClaim(context, checkout.request);
    throw error;
  }
}

function portsOf(
  context: Context,
  { access, request, input: { provider, return_url: returnUrl } }: CheckoutRequest,
): OpeningPorts<PaymentAttempt, Order, PaymentHandover, Answered> {
  return {
    now: context.now,
    look: async () => {
      const { statement } = await ownOrderStatement(context, access);
      const database = answersAt(context, request);
      const [found, claim] = await transact(database, [statement, claimStatement(database, request)]);
      const order = orderIn(found) ?? (await requireOwnOrder(context, access));
      const answer = answerOfClaim<PaymentAttemptWire>(claim.rows, request);
      return { order, answered: answer && { attemptId: answer.body.attempt_id, answer } };
    },
    load: () => requireOwnOrder(context, access),
    insertAttempt: async ({ id: orderId, total: amount, currency }) => {
      const id = newIdBeside("paymentAttempt", context.now(), orderId);
      try {
        const [stored] = await insertAttempt(context, {
          id,
          orderId,
          provider,
          amount,
          currency,
        }).returning();
        return stored;
      } catch (error) {
        if (violatesUnique(error, "payment_attempts_open")) return undefined;
        throw error;
      }
    },
    promise: (order) => storePromise(context, request, order),
    authorise: ({ id: orderId }, { id: attemptId, amount, currency }) =>
      gatewayOf(context, provider).authorise({
        attemptId,
        orderId,
        amount,
        currency,
        ...(returnUrl === undefined ? {} : { returnUrl, cancelUrl: returnUrl }),
      }),
    read: (attempt, reference) => gatewayOf(context, attempt.provider).read(reference),
    close: (order) => endPayment(context, order),
    change: (order, change) => changePayment(context, order, change),
    settle: (orderId) => settlePayment(context, { orderId }),
    store: (order, attempt, handover) =>
      storeHandover(context, { request, body: presentAttempt(order, attempt), attempt, handover }),
  };
}

async function storePromise(context: Context, request: IdempotentRequest, order: Order) {
  const { id: orderId, total: amount, currency } = order;
  const database = ordersAt(context, orderId);
  const id = newIdBeside("paymentAttempt", context.now(), orderId);
  const body: PaymentAttemptWire = { ...presentOpening(order), attempt_id: id, provider: "manual" };
  try {
    const [[attempt]] = await transact(database, [
      insertPromise(context, { id, orderId, amount, currency }).returning(),
      insertIdempotencyRecord(database, request, { status: 201, body }),
    ]);
    if (attempt === undefined) throw new Error(`the manual payment ${id} was stored and did not come back`);
    return { attempt, handover: { facts: manualFacts(attempt) } };
  } catch (error) {
    if (lostToSameKey(error)) return "same_key";
    if (violatesUnique(error, "payment_attempts_open")) return "taken";
    throw error;
  }
}

type Handover = {
  request: IdempotentRequest;
  body: PaymentAttemptWire;
  attempt: PaymentAttempt;
  handover: PaymentHandover;
};

async function storeHandover(
  context: Context,
  { request, body, attempt, handover }: Handover,
): Promise<"stored" | "same_key" | "lost_race"> {
  const database = ordersAt(context, attempt.orderId);
  try {
    // The stored answer goes without the secrets: a replay reads them from the provider again.
    await transact(database, [
      insertIdempotencyRecord(database, request, { status: 201, body }),
      ...(attempt.providerReference === null
        ? [changeAttempt(context, attempt, { status: body.status, reference: handover.facts.reference })]
        : []),
    ]);
  } catch (error) {
    if (lostToSameKey(error)) return "same_key";
    if (lostRace(error)) return "lost_race";
    throw error;
  }
  return "stored";
}

function presentAttempt(order: Order, attempt: PaymentAttempt): PaymentAttemptWire {
  const { id, provider, providerReference, status } = attempt;
  const opening = { ...presentOpening(order), attempt_id: id, provider };
  return providerReference === null ? opening : { ...opening, status };
}

/** What an attempt is to the buyer before its provider has told anything. */
function presentOpening(order: Order) {
  return {
    order_id: order.id,
    status: "pending" as const,
    expires_at: toTimestamp(epochMs(order.holdExpiresAt.getTime())),
  };
}

function withSecrets(
  context: Context,
  body: PaymentAttemptWire,
  handover: PaymentHandover,
): PaymentAttemptWire {
  const { clientSecret, approveUrl } = handover;
  return {
    ...body,
    ...(clientSecret === undefined
      ? {}
      : { client_secret: clientSecret, publishable_key: context.settings.STRIPE_PUBLISHABLE_KEY }),
    ...(approveUrl === undefined ? {} : { approve_url: approveUrl }),
  };
}
