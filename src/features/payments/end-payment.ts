import type { PaymentEnd } from "#features/orders/ending";
import { type Order, loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { closePayment } from "./closing.ts";
import { gatewayOf } from "./gateways.ts";
import { changePayment, settlePayment } from "./settle-payment.ts";

/**
 * Ends an order's payment against Postgres and the provider; see {@link closePayment}.
 * @throws AppError payment_outcome_unknown while the provider does not answer; nothing has changed then.
 */
export function endPayment(context: Context, order: Order): Promise<PaymentEnd<Order>> {
  return closePayment<Order>(
    {
      load: (orderId) => loadOrder(context, orderId),
      authorise: async ({ id: orderId, total: amount, currency }, { id: attemptId, provider }) => {
        const request = { attemptId, orderId, amount, currency };
        return (await gatewayOf(context, provider).authorise(request)).facts.reference;
      },
      cancel: ({ provider, id }, reference) => gatewayOf(context, provider).cancel(id, reference),
      change: (current, change) => changePayment(context, current, change),
      settle: (orderId) => settlePayment(context, { orderId }),
    },
    order,
  );
}
