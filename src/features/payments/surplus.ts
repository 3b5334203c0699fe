import { newIdBeside } from "#core/ids";
import { changeOrderStatements } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import { captureFact, refundFact } from "./bookkeeping.ts";
import { executeRefund } from "./execute-refund.ts";
import { bookMoney, bookMoneyOnce } from "./money-ledger.ts";
import { moveByRefund, providerRefundKey, surplusKey } from "./refund-rules.ts";
import { findRefundByRequest, insertRefund, insertSettledRefund } from "./refund-store.ts";
import type { MovedMoney, SettledAttempt } from "./settlement-ports.ts";

type Surplus = { order: Order; attempt: SettledAttempt; money: MovedMoney };

const surplusScope = "system surplus";

/**
 * Gives back money that came for an order that had ended or was paid otherwise: booked as received, then refunded, once.
 * A refund that fails is not repeated; where a part goes back elsewhere, the rest is another amount.
 * The order's version guards it against whoever books what went back already.
 * @returns false when somebody moved the order first; nothing was given back then.
 */
export async function refundSurplus(context: Context, surplus: Surplus): Promise<boolean> {
  const { order, attempt, money } = surplus;
  const requestKey = surplusKey(attempt.id, money.amount);
  const refund = {
    ...refundOf(context, surplus),
    origin: "system" as const,
    reason: "nothing was owed for this payment",
    requestScope: surplusScope,
    requestKey,
  };
  try {
    await transact(ordersAt(context, order.id), [
      ...changeOrderStatements(context, order, {
        transition: undefined,
        event: "order.refund_requested",
        data: { refund_id: refund.id, amount: money.amount, currency: money.currency },
      }),
      insertRefund(context, refund),
      bookCapture(context, surplus),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    if (!violatesUnique(error, "refunds_request_scope_request_key_key")) throw error;
  }
  const stored = await findRefundByRequest(context, order.id, { scope: surplusScope, key: requestKey });
  if (stored) await executeRefund(context, stored);
  return true;
}

/**
 * Books what was given back at the provider's own dashboard.
 * @returns false when somebody moved the order first; nothing was booked then.
 */
export async function recordProviderRefund(context: Context, surplus: Surplus): Promise<boolean> {
  const { order, attempt, money } = surplus;
  const { amount, currency } = money;
  const refund = refundOf(context, surplus);
  try {
    await transact(ordersAt(context, order.id), [
      ...changeOrderStatements(context, order, {
        ...moveByRefund(order, refund),
        event: "order.refunded",
        data: { refund_id: refund.id, amount, currency },
      }),
      insertSettledRefund(context, {
        ...refund,
        origin: "provider",
        requestScope: "provider",
        requestKey: providerRefundKey(order, refund),
      }),
      bookCapture(context, surplus),
      bookMoney(context, refundFact(order, refund, attempt.provider)),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  context.wakeOutbox();
  return true;
}

/** What was taken is booked before what goes back, unless the order's own payment has booked it. */
function bookCapture(context: Context, { order, attempt, money }: Surplus) {
  return bookMoneyOnce(context, captureFact(order, attempt, money.captured));
}

function refundOf(context: Context, { order, attempt, money }: Surplus) {
  return {
    id: newIdBeside("refund", context.now(), order.id),
    orderId: order.id,
    attemptId: attempt.id,
    amount: money.amount,
    currency: money.currency,
    requestFingerprint: "",
  };
}
