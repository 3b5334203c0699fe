import { AppError } from "#core/errors";
import { newIdBeside } from "#core/ids";
import { changeOrderStatements } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import { requireOrder } from "#features/orders/require-order";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import { executeRefund } from "./execute-refund.ts";
import { gatewayOf } from "./gateways.ts";
import { presentRefund } from "./present-refund.ts";
import { type RefundRow, findRefund, findRefundByRequest, insertRefund } from "./refund-store.ts";
import type { RefundWire } from "./schema.ts";

const retryScope = "system surplus";

/** Rounds after lost races. */
const roundsMax = 3;

/**
 * Tries once more to give back money that nobody owed and whose refund failed. Providers answer a failed refund's own key
 * with its failure, so that the retry is a refund of its own, one for each that failed; its repetition finds it.
 * @throws AppError not_found, invalid_transition, refund_exceeds_payment when the money is not there any more,
 * payment_outcome_unknown; the retry then stays pending and is finished by itself. Conflict.
 */
export async function retryRefund(context: Context, refundId: string): Promise<RefundWire> {
  const failed = await findRefund(context, refundId);
  if (failed === undefined) throw new AppError("not_found", { detail: "There is no refund with this id." });
  if (failed.status !== "failed" || failed.origin !== "system")
    throw new AppError("invalid_transition", {
      detail:
        failed.status === "failed"
          ? "Ask for a new refund of the order: this one was asked for by staff."
          : `The refund is ${failed.status}: there is nothing to retry.`,
    });
  return presentRefund(await executeRefund(context, await storeRetry(context, failed)));
}

async function storeRetry(context: Context, failed: RefundRow): Promise<RefundRow> {
  const request = { scope: retryScope, key: `retry ${failed.id}` };
  for (let round = 0; round < roundsMax; round++) {
    // The order guards the sum: it is read before what was given back.
    const order = await requireOrder(context, failed.orderId);
    const stored = await findRefundByRequest(context, order.id, request);
    if (stored) return stored;
    await requireMoney(context, order, failed);
    await store(context, order, { failed, request });
  }
  throw new AppError("conflict", { detail: `The order ${failed.orderId} is being changed by others.` });
}

/** The provider still has that much of it, and no refund of it is under way. */
async function requireMoney(context: Context, order: Order, failed: RefundRow): Promise<void> {
  const attempt = order.attempts.find(({ id }) => id === failed.attemptId);
  if (attempt === undefined || attempt.providerReference === null)
    throw new Error(`refund ${failed.id} has no payment`);
  const underWay = order.refunds.find(
    ({ attemptId, status }) => attemptId === attempt.id && status === "pending",
  );
  if (underWay)
    throw new AppError("conflict", {
      detail: `Refund ${underWay.id} of this payment is under way; wait for it.`,
    });
  const { facts } = await gatewayOf(context, attempt.provider).read(attempt.providerReference);
  const kept = facts.capturedAmount - facts.refundedAmount;
  if (kept < failed.amount)
    throw new AppError("refund_exceeds_payment", {
      detail: `The provider keeps no more than ${kept} ${facts.currency} of this payment: the rest went back already.`,
    });
}

type Retry = { failed: RefundRow; request: { scope: string; key: string } };

/** Where somebody moved the order first, or stored the same retry, the next round finds out. */
async function store(context: Context, order: Order, { failed, request }: Retry): Promise<void> {
  const { orderId, attemptId, amount, currency, reason } = failed;
  const id = newIdBeside("refund", context.now(), order.id);
  try {
    await transact(ordersAt(context, order.id), [
      ...changeOrderStatements(context, order, {
        transition: undefined,
        event: "order.refund_requested",
        data: { refund_id: id, amount, currency, retry_of: failed.id },
      }),
      insertRefund(context, {
        id,
        orderId,
        attemptId,
        amount,
        currency,
        reason,
        origin: "system",
        requestScope: request.scope,
        requestKey: request.key,
        requestFingerprint: "",
      }),
    ]);
  } catch (error) {
    if (!lostRace(error) && !violatesUnique(error, "refunds_request_scope_request_key_key")) throw error;
  }
}
