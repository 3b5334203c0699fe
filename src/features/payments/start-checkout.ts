import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import { type OrderAccess, readOwnOrder } from "#features/orders/read-own-order";
import type { Order } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import {
  type IdempotentRequest,
  type Outcome,
  findIdempotencyRecord,
  insertIdempotencyRecord,
  lostToSameKey,
  replayOf,
} from "#platform/idempotency";
import type { PaymentHandover } from "#providers/payment-gateway";
import type { PaymentAttempt } from "./attempts.ts";
import { openAttemptStatuses } from "./rules.ts";
import type { PaymentAttemptWire, StartCheckout } from "./schema.ts";
import { changeAttempt, insertAttempt } from "./store.ts";

type CheckoutRequest = { access: OrderAccess; request: IdempotentRequest; input: StartCheckout };

/**
 * Asks a provider to authorise an order's total. The attempt is stored before the provider is called, under a key that
 * is derived from it, so that a crash in between leads back to the same payment. An order has one open attempt: a
 * repeated call, with whatever key, resumes it.
 * @throws AppError not_found, invalid_transition, order_expired, payment_in_progress, payment_outcome_unknown.
 */
export async function startCheckout(
  context: Context,
  { access, request, input }: CheckoutRequest,
): Promise<Outcome<PaymentAttemptWire>> {
  const order = await readOwnOrder(context, access);
  const { primary } = context.databases;
  const replay = replayOf<PaymentAttemptWire>(await findIdempotencyRecord(primary, request), request);
  const attempt = replay
    ? attemptOf(order, replay.body.attempt_id)
    : await openAttempt(context, order, input);
  const gateway = context.payments[attempt.provider];
  if (replay)
    return { ...replay, body: withSecrets(context, replay.body, await gateway.read(referenceOf(attempt))) };

  const handover =
    attempt.providerReference === null
      ? await gateway.authorise({
          attemptId: attempt.id,
          orderId: order.id,
          amount: attempt.amount,
          currency: attempt.currency,
        })
      : await gateway.read(attempt.providerReference);
  return storeHandover(context, { request, order, attempt, handover });
}

function attemptOf(order: Order, attemptId: string): PaymentAttempt {
  if (order.attempt?.id !== attemptId)
    throw new AppError("payment_in_progress", {
      detail: "The attempt of this Idempotency-Key has been replaced; start again with a new key.",
    });
  return order.attempt;
}

function referenceOf(attempt: PaymentAttempt): string {
  if (attempt.providerReference === null)
    throw new Error(`attempt ${attempt.id} was answered without a reference`);
  return attempt.providerReference;
}

/** The order's open attempt with this provider, or a new one. */
async function openAttempt(context: Context, order: Order, input: StartCheckout): Promise<PaymentAttempt> {
  if (order.status !== "pending_payment")
    throw new AppError("invalid_transition", { detail: `An order that is ${order.status} cannot be paid.` });
  if (order.holdExpiresAt.getTime() <= context.now())
    throw new AppError("order_expired", { detail: "The time to pay is over; place the order again." });
  const current = order.attempt;
  if (current && openAttemptStatuses.some((status) => status === current.status)) {
    if (current.provider !== input.provider)
      throw new AppError("payment_in_progress", {
        detail: "A payment through another provider is open for this order; finish it first.",
      });
    return current;
  }
  const attempt = {
    id: newId("paymentAttempt", context.now()),
    orderId: order.id,
    provider: input.provider,
    amount: order.total,
    currency: order.currency,
  };
  try {
    const [stored] = await insertAttempt(context, attempt).returning();
    if (stored === undefined) throw new Error("an insert returns its row");
    return stored;
  } catch (error) {
    if (!violatesUnique(error, "payment_attempts_open")) throw error;
    throw new AppError("payment_in_progress", {
      detail: "Another request is starting a payment for this order.",
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

type Handover = {
  request: IdempotentRequest;
  order: Order;
  attempt: PaymentAttempt;
  handover: PaymentHandover;
};

async function storeHandover(
  context: Context,
  { request, order, attempt, handover }: Handover,
): Promise<Outcome<PaymentAttemptWire>> {
  const { primary } = context.databases;
  const { facts } = handover;
  const status = attempt.providerReference === null ? "pending" : attempt.status;
  const body: PaymentAttemptWire = {
    attempt_id: attempt.id,
    order_id: order.id,
    provider: attempt.provider,
    status,
    expires_at: toTimestamp(epochMs(order.holdExpiresAt.getTime())),
  };
  const answer = { status: 201, body: withSecrets(context, body, handover) };
  try {
    // The stored answer goes without the secrets: a replay reads them from the provider again.
    await transact(primary, [
      insertIdempotencyRecord(primary, request, { status: 201, body }),
      ...(attempt.providerReference === null
        ? [changeAttempt(context, attempt, { status, reference: facts.reference })]
        : []),
    ]);
  } catch (error) {
    // The same request came twice at once; both got the same payment from the provider.
    if (!lostToSameKey(error)) throw error;
    return { ...answer, replayed: true };
  }
  return { ...answer, replayed: false };
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
