import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { settlePayment } from "./settle-payment.ts";

/**
 * What was given back at the provider's own dashboard cannot be told apart while a refund of ours is under way, and is
 * left alone then: once that refund is decided, the payment is looked at again.
 */
export async function settleAfterRefund(
  context: Context,
  event: RecordedEvent<"order.refunded" | "order.refund_failed">,
): Promise<void> {
  await settlePayment(context, event.data.order_id);
}
