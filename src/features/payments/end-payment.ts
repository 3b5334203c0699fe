import type { Order } from "#features/orders/load-order";
import { loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { openAttemptStatuses } from "./rules.ts";
import { settlePayment } from "./settle-payment.ts";
import { changeAttempt } from "./store.ts";

/** Whether an order that is to end has no money coming any more, or was paid after all. */
export type PaymentEnd = { outcome: "ended" | "paid"; order: Order };

/**
 * Makes sure that no money can come for an order any more: its open payment is cancelled at the provider. A payment
 * that has got further than that is settled instead.
 * @throws AppError payment_outcome_unknown while the provider does not answer; nothing has changed then.
 */
export async function endPayment(context: Context, order: Order): Promise<PaymentEnd> {
  const { attempt } = order;
  if (attempt === undefined || !openAttemptStatuses.some((status) => status === attempt.status))
    return { outcome: attempt?.status === "captured" ? "paid" : "ended", order };
  const gateway = context.payments[attempt.provider];
  // An attempt whose reference was never stored is asked for once more: the same key leads to the same payment.
  const reference =
    attempt.providerReference ??
    (
      await gateway.authorise({
        attemptId: attempt.id,
        orderId: order.id,
        amount: attempt.amount,
        currency: attempt.currency,
      })
    ).facts.reference;
  const facts =
    order.status === "authorised"
      ? (await gateway.read(reference)).facts
      : await gateway.cancel(attempt.id, reference);
  const cancelled = facts.state === "cancelled";
  if (attempt.providerReference === null || cancelled)
    await transact(context.databases.primary, [
      changeAttempt(context, attempt, { status: cancelled ? "cancelled" : attempt.status, reference }),
    ]);
  const settled = cancelled ? await loadOrder(context, order.id) : await settlePayment(context, order.id);
  return { outcome: cancelled ? "ended" : "paid", order: settled ?? order };
}
