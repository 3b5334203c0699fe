import { newId } from "#core/ids";
import { changeOrderStatements } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { executeRefund } from "./execute-refund.ts";
import { bookMoney } from "./money-ledger.ts";
import { refundTransition } from "./refund-rules.ts";
import { findRefundByRequest, insertRefund, insertSettledRefund } from "./refund-store.ts";
import type { SettledAttempt } from "./settlement.ts";

type Surplus = { order: Order; attempt: SettledAttempt; amount: number };

/** One refund per payment of an order that had ended. */
const surplusScope = "system surplus";

/** Gives back money that came for an order that had ended: booked as received, then refunded in full, once. */
export async function refundSurplus(context: Context, { order, attempt, amount }: Surplus): Promise<void> {
  const facts = { orderId: order.id, provider: attempt.provider, amount, currency: order.currency };
  try {
    await transact(context.databases.primary, [
      insertRefund(context, {
        ...refundOf(context, { order, attempt, amount }),
        origin: "system",
        reason: "paid after the order had ended",
        requestScope: surplusScope,
        requestKey: attempt.id,
      }),
      bookMoney(context, { ...facts, transactionId: `capture:${attempt.id}`, kind: "capture" }),
    ]);
  } catch (error) {
    if (!violatesUnique(error, "refunds_request_scope_request_key_key")) throw error;
  }
  const refund = await findRefundByRequest(context, { scope: surplusScope, key: attempt.id });
  if (refund) await executeRefund(context, refund);
}

/**
 * Books what was given back at the provider's own dashboard.
 * @returns false when somebody moved the order first; nothing was booked then.
 */
export async function recordProviderRefund(
  context: Context,
  { order, attempt, amount }: Surplus,
): Promise<boolean> {
  const refund = refundOf(context, { order, attempt, amount });
  const refunded = order.refunded + amount;
  try {
    await transact(context.databases.primary, [
      ...changeOrderStatements(context, order, {
        transition: refundTransition(order, amount),
        event: "order.refunded",
        data: { refund_id: refund.id, amount, currency: order.currency },
        refunded,
      }),
      insertSettledRefund(context, {
        ...refund,
        origin: "provider",
        requestScope: "provider",
        requestKey: `${attempt.id} ${refunded}`,
      }),
      bookMoney(context, {
        transactionId: `refund:${refund.id}`,
        kind: "refund",
        orderId: order.id,
        provider: attempt.provider,
        amount,
        currency: order.currency,
      }),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  context.wakeOutbox();
  return true;
}

function refundOf(context: Context, { order, attempt, amount }: Surplus) {
  return {
    id: newId("refund", context.now()),
    orderId: order.id,
    attemptId: attempt.id,
    amount,
    currency: order.currency,
    requestFingerprint: "",
  };
}
