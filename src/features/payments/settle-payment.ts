import type { BatchItem } from "drizzle-orm/batch";
import { AppError } from "#core/errors";
import type { PaymentFacts } from "#core/payment-facts";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder, orderIn, orderStatement } from "#features/orders/load-order";
import { commitStock } from "#features/orders/stock-claims";
import type { Context } from "#platform/context";
import { captureFact } from "./bookkeeping.ts";
import { gatewayOf } from "./gateways.ts";
import { manualFacts } from "./manual-gateway.ts";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import { settle } from "./settlement.ts";
import type { Settled, SettlementChange, SettlementPorts } from "./settlement-ports.ts";
import { bookMoneyOnce } from "./money-ledger.ts";
import { insertReview } from "./review-store.ts";
import { recordProviderRefund, refundSurplus } from "./surplus.ts";
import { changeAttempt } from "./store.ts";

/**
 * Settles an order's payment against Postgres, the inventory objects and the provider; see {@link settle}.
 * @throws AppError payment_outcome_unknown or dependency_unavailable when the provider gives no answer, conflict when
 * others moved the order all the time.
 */
export async function settlePayment(context: Context, subject: Settled<Order>): Promise<Order | undefined> {
  const settled = await settle(portsOf(context), subject);
  if (settled === "unsettled")
    throw new AppError("conflict", {
      detail: `The payment of ${subject.orderId} did not come to rest; it goes on later.`,
    });
  return settled;
}

function portsOf(context: Context): SettlementPorts<Order> {
  return {
    load: (orderId) => loadOrder(context, orderId),
    authorise: async ({ id: orderId, total: amount, currency }, { id: attemptId, provider }) => {
      const request = { attemptId, orderId, amount, currency };
      return (await gatewayOf(context, provider).authorise(request)).facts;
    },
    read: (order, payment) => readFacts(context, order, payment),
    completeAuthorisation: async ({ provider }, reference) => {
      const gateway = gatewayOf(context, provider);
      return (await (gateway.completeAuthorisation ?? gateway.read)(reference)).facts;
    },
    capture: ({ provider, id }, reference) => gatewayOf(context, provider).capture(id, reference),
    cancel: ({ provider, id }, reference) => gatewayOf(context, provider).cancel(id, reference),
    commitStock: (order) => commitStock(context.objects.inventory, order),
    change: (order, change) => changePayment(context, order, change),
    refundSurplus: (order, attempt, money) => refundSurplus(context, { order, attempt, money }),
    recordProviderRefund: (order, attempt, money) => recordProviderRefund(context, { order, attempt, money }),
  };
}

/** What the provider says now. A payment that it has forgotten is one that nobody can pay any more. */
async function readFacts(
  context: Context,
  order: Order,
  { attemptId, reference }: { attemptId: string; reference: string },
): Promise<PaymentFacts> {
  const attempt = order.attempts.find(({ id }) => id === attemptId);
  if (attempt === undefined) throw new Error(`the order ${order.id} has no payment ${attemptId}`);
  // Of bank transfers nobody knows more than our own books, from which the order has just come.
  if (attempt.provider === "manual") return manualFacts(attempt);
  try {
    return (await gatewayOf(context, attempt.provider).read(reference)).facts;
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found")) throw error;
    const { orderId, amount, currency } = attempt;
    return {
      reference,
      orderId,
      attemptId,
      amount,
      currency,
      state: "cancelled",
      capturedAmount: 0,
      refundedAmount: 0,
      failureCode: "forgotten_by_provider",
    };
  }
}

/**
 * Changes an order and one of its payment attempts together, each guarded by the version that was read.
 * @returns the order as it is then, read in the same transaction; undefined when somebody else moved one of them first, or
 * the buyer opened another payment: nothing was changed then.
 */
export async function changePayment(
  context: Context,
  order: Order,
  change: SettlementChange,
): Promise<Order | undefined> {
  const attempt = order.attempts.find((each) => each.id === change.attempt?.id);
  const [first, ...rest]: BatchItem<"pg">[] = [
    ...(change.order ? changeOrderStatements(context, order, change.order) : []),
    ...(change.review ? [insertReview(context, order.id, change.review)] : []),
    ...(change.attempt && attempt ? [changeAttempt(context, attempt, change.attempt)] : []),
    // Money for an order that had ended is booked together with its refund, captured money without stock was booked when
    // its order came into review.
    ...(change.order && change.attempt?.status === "captured" && attempt
      ? [bookMoneyOnce(context, captureFact(order, attempt, order.total))]
      : []),
  ];
  if (first === undefined) return order;
  const reading = orderStatement(context, order.id);
  try {
    const results = await transact(ordersAt(context, order.id), [first, ...rest, reading]);
    if (change.order) context.wakeOutbox();
    return orderIn(results.at(-1));
  } catch (error) {
    if (lostRace(error) || violatesUnique(error, "payment_attempts_open")) return undefined;
    throw error;
  }
}
