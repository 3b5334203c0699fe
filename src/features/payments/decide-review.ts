import { AppError } from "#core/errors";
import { type Contradiction, isContradictory } from "#core/payment-claims";
import type { PaymentFacts } from "#core/payment-facts";
import { type OrderChange, changeOrderStatements } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import { presentOrder } from "#features/orders/present-order";
import { requireOrder } from "#features/orders/require-order";
import { orderTimes } from "#features/orders/rules";
import type { OrderWire } from "#features/orders/schema";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { ordersAt } from "#platform/order-homes";
import type { PaymentAttempt } from "./attempts.ts";
import { gatewayOf } from "./gateways.ts";
import type { DecideReview } from "./review-schema.ts";
import { type ReviewRow, decideReviewStatement, findLatestReview } from "./review-store.ts";
import { contradictionsIn } from "./rules.ts";
import { settlePayment } from "./settle-payment.ts";
import { type AttemptChange, changeAttempt } from "./store.ts";

/** Rounds after lost races. */
const roundsMax = 3;

/**
 * Carries out what staff decide about an order in review. The decision moves the order, once; what follows from that,
 * giving back or capturing, is the settlement's work, which repeats until it is done, whoever dies meanwhile.
 * @throws AppError not_found, invalid_transition when there is nothing to decide or it was decided otherwise,
 * payment_not_acceptable, insufficient_stock, payment_outcome_unknown while the provider does not tell what is to be
 * accepted, conflict.
 */
export async function decideReview(
  context: Context,
  orderId: string,
  input: DecideReview,
): Promise<OrderWire> {
  for (let round = 0; round < roundsMax; round++) {
    // The order guards the decision: it is read before the review.
    const order = await requireOrder(context, orderId);
    const review = await findLatestReview(context, orderId);
    if (review === undefined || order.status !== "payment_review" || review.decision !== null)
      return decidedBefore(context, { order, review, input });
    const move = input.decision === "reject" ? rejection : await acceptanceOf(context, order);
    if (await store(context, { order, review, input, move })) return settled(context, order.id, input);
  }
  throw new AppError("conflict", { detail: `The order ${orderId} is being changed by others.` });
}

type Decided = { order: Order; review: ReviewRow | undefined; input: DecideReview };

/** A repetition finishes what the first may have left. */
function decidedBefore(context: Context, { order, review, input }: Decided): Promise<OrderWire> {
  const { decision } = review ?? { decision: null };
  if (decision === input.decision) return settled(context, order.id, input);
  throw new AppError("invalid_transition", {
    detail:
      decision === null
        ? `The order is ${order.status}: there is no payment to decide on.`
        : `Somebody has decided to ${decision} this payment; the order is ${order.status}.`,
    members: { status_of_order: order.status },
  });
}

type Move = { order: OrderChange; attempt?: AttemptChange };

/** The end of the order comes first: from then on nothing leads to its fulfilment, and all that is held goes back. */
const rejection: Move = {
  order: { transition: "cancel", event: "order.cancelled", data: { reason: "payment_rejected" } },
};

async function acceptanceOf(context: Context, order: Order): Promise<Move> {
  const { attempt } = order;
  if (attempt === undefined || attempt.providerReference === null)
    throw notAcceptable("The payment was never opened at its provider. Reject it.", []);
  const { facts } = await gatewayOf(context, attempt.provider).read(attempt.providerReference);
  const contradictions = contradictionsIn({ order, attempt: { id: attempt.id, accepted: true } }, facts);
  if (isContradictory(contradictions)) {
    const differing = contradictions.map(({ claim, expected, told }) => `${claim} ${told}, not ${expected}`);
    throw notAcceptable(`The provider tells of ${differing.join("; ")}. Reject it.`, contradictions);
  }
  return goingOn(context, attempt, facts);
}

/** Where the payment stands decides from where the order goes on. */
function goingOn(context: Context, { id, status }: PaymentAttempt, facts: PaymentFacts): Move {
  const data = { attempt_id: id };
  switch (facts.state) {
    case "cancelled":
      throw notAcceptable("The provider holds no money any more. Reject it.", []);
    case "captured":
    case "authorised":
      if (facts.refundedAmount > 0)
        throw notAcceptable("Some of the money went back already. Reject it, and the rest goes back.", []);
      return {
        order: { transition: "authorise", event: "order.authorised", data },
        attempt: { status: "authorised", accepted: true },
      };
    case "approved":
    case "pending":
    case "requires_action":
      return {
        order: {
          transition: "regain_sight",
          event: "order.payment_awaited",
          data,
          payBy: new Date(context.now() + orderTimes.payWithinMs),
        },
        attempt: { status, accepted: true },
      };
  }
}

function notAcceptable(detail: string, contradictions: readonly Contradiction[]): AppError {
  return new AppError("payment_not_acceptable", { detail, members: { contradictions } });
}

type Decision = { order: Order; review: ReviewRow; input: DecideReview; move: Move };

/** False when somebody moved the order or the payment first, or decided. */
async function store(context: Context, { order, review, input, move }: Decision): Promise<boolean> {
  try {
    await transact(ordersAt(context, order.id), [
      ...changeOrderStatements(context, order, move.order),
      ...(move.attempt && order.attempt ? [changeAttempt(context, order.attempt, move.attempt)] : []),
      decideReviewStatement(context, review.id, input),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  context.wakeOutbox();
  return true;
}

/** The decision stands, whatever the provider answers now: what is left is done by itself. */
async function settled(context: Context, orderId: string, { decision }: DecideReview): Promise<OrderWire> {
  try {
    await settlePayment(context, { orderId });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    context.log("warn", "what was decided of a payment is finished later", { ...errorFields(error) });
  }
  const order = await requireOrder(context, orderId);
  if (decision === "accept" && order.status === "payment_review")
    throw new AppError("insufficient_stock", {
      detail:
        "Not all of its units are there any more. Receive them and accept again, or reject the payment.",
    });
  return presentOrder(order);
}
