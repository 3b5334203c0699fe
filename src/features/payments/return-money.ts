import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import { hasEnded } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { settlePayment } from "./settle-payment.ts";

/**
 * Gives back what the provider holds for an order that was cancelled before its payment ended, as staff do who reject
 * one; the outbox repeats it until it is done. Of all others the payment has ended first.
 */
export async function returnMoneyOfEndedOrder(
  context: Context,
  event: RecordedEvent<"order.cancelled">,
): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order?.attempt === undefined || !hasEnded(order.status)) return;
  const { status } = order.attempt;
  if (status !== "cancelled" && status !== "failed")
    await settlePayment(context, { orderId: order.id, order });
}
