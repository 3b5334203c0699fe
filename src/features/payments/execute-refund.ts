import { AppError } from "#core/errors";
import type { RefundFacts } from "#core/payment-facts";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import type { OrderTransition } from "#features/orders/rules";
import { hasEnded } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { readAttempt } from "./attempts.ts";
import { gatewayOf } from "./gateways.ts";
import { bookMoney } from "./money-ledger.ts";
import { type RefundRow, changeRefund } from "./refund-store.ts";

/** Tries at storing an outcome while others move the same order. */
const storeTriesMax = 5;

/**
 * Asks the provider for a refund that was stored before, and books what it says. Safe to repeat: the provider knows the
 * refund by our id, and the outcome is stored once.
 * @returns the refund as it stands then.
 * @throws AppError payment_outcome_unknown; the refund stays pending and the sweep goes on with it.
 */
export async function executeRefund(context: Context, refund: RefundRow): Promise<RefundRow> {
  if (refund.status !== "pending") return refund;
  const attempt = await readAttempt(context, refund.attemptId);
  if (attempt === undefined || attempt.providerReference === null)
    throw new Error(`refund ${refund.id} has no payment`);
  const facts = await gatewayOf(context, attempt.provider).refund({
    refundId: refund.id,
    reference: attempt.providerReference,
    amount: refund.amount,
    currency: refund.currency,
  });
  return storeOutcome(context, refund, facts);
}

/** Stores what became of a refund, with the order's history and the books, in one transaction. */
export async function storeOutcome(
  context: Context,
  refund: RefundRow,
  facts: RefundFacts,
): Promise<RefundRow> {
  if (facts.state === "pending" && refund.providerReference === facts.reference) return refund;
  for (let tries = 0; tries < storeTriesMax; tries++) {
    const order = await loadOrder(context, refund.orderId);
    const current = order?.refunds.find((each) => each.id === refund.id);
    if (order === undefined || current === undefined) throw new Error(`refund ${refund.id} has no order`);
    if (current.status !== "pending") return current;
    try {
      await transact(
        context.databases.primary,
        outcomeStatements(context, { order, refund: current, facts }),
      );
      if (facts.state !== "pending") context.wakeOutbox();
      const { state: status, reference: providerReference } = facts;
      return { ...current, status, providerReference, failureCode: facts.failureCode ?? null };
    } catch (error) {
      if (!lostRace(error)) throw error;
    }
  }
  throw new AppError("conflict", {
    detail: `Refund ${refund.id} is being changed by others; it goes on later.`,
  });
}

type Outcome = { order: Order; refund: RefundRow; facts: RefundFacts };

function outcomeStatements(context: Context, { order, refund, facts }: Outcome) {
  const { state: status, reference, failureCode } = facts;
  const change = changeRefund(context, refund, {
    status,
    reference,
    ...(failureCode === undefined ? {} : { failureCode }),
  });
  const data = { refund_id: refund.id, amount: refund.amount, currency: refund.currency };
  switch (status) {
    case "pending":
      return [change] as const;
    case "failed":
      return [
        change,
        ...changeOrderStatements(context, order, {
          transition: undefined,
          event: "order.refund_failed",
          data: { ...data, failure_code: failureCode },
        }),
      ] as const;
    case "succeeded":
      return [
        change,
        ...changeOrderStatements(context, order, {
          transition: transitionOf(order, refund),
          event: "order.refunded",
          data,
          refunded: order.refunded + refund.amount,
        }),
        bookMoney(context, {
          transactionId: `refund:${refund.id}`,
          kind: "refund",
          orderId: order.id,
          provider: providerOf(order),
          amount: refund.amount,
          currency: refund.currency,
        }),
      ] as const;
  }
}

/** An order that ended unpaid stays as it is: its refund gives back money that came too late. */
function transitionOf(order: Order, refund: RefundRow): OrderTransition | undefined {
  if (hasEnded(order.status)) return undefined;
  return order.refunded + refund.amount === order.total ? "refund_all" : "refund_part";
}

function providerOf({ attempt, id }: Order) {
  if (attempt === undefined) throw new Error(`order ${id} has a refund and no payment`);
  return attempt.provider;
}
