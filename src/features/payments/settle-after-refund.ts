import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { refundedPayments } from "./refund-rules.ts";
import { settlePayment } from "./settle-payment.ts";

/**
 * What was given back at the provider's own dashboard cannot be told apart while a refund of ours is under way, and is
 * left alone then: once that refund is decided, the order's refunded payments are looked at again.
 */
export async function settleAfterRefund(
  context: Context,
  event: RecordedEvent<"order.refunded" | "order.refund_failed">,
): Promise<void> {
  const { order_id: orderId } = event.data;
  const order = await loadOrder(context, orderId);
  if (order === undefined) return;
  for (const attemptId of refundedPayments(order)) await settlePayment(context, { orderId, attemptId });
}
