import { AppError } from "#core/errors";
import { type Order, orderIn, orderStatement } from "#features/orders/load-order";
import { requireOrder } from "#features/orders/require-order";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import { markReceived } from "./manual-payments.ts";
import { settlePayment } from "./settle-payment.ts";

/**
 * Staff confirm that a bank transfer arrived or cash was paid: the order is settled as any other payment. Repeating it
 * changes nothing.
 * @throws AppError not_found, invalid_transition.
 */
export async function receiveManualPayment(context: Context, orderId: string): Promise<Order> {
  const [, found] = await transact(ordersAt(context, orderId), [
    markReceived(context, orderId),
    orderStatement(context, orderId),
  ]);
  const order = orderIn(found) ?? (await requireOrder(context, orderId));
  const { attempt } = order;
  if (attempt?.provider !== "manual" || attempt.status === "cancelled" || attempt.receivedAt === null)
    throw new AppError("invalid_transition", {
      detail: "This order has no manual payment that could be received.",
    });
  return (await settlePayment(context, { orderId, order })) ?? order;
}
