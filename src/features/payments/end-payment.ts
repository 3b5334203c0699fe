import type { PaymentEnd } from "#features/orders/ending";
import { type Order, loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { closePayment } from "./closing.ts";
import { gatewayOf } from "./gateways.ts";
import { settlePayment } from "./settle-payment.ts";
import { changeAttempt } from "./store.ts";

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
      changeAttempt: async ({ attempt }, change) => {
        if (attempt === undefined) return true;
        try {
          await transact(context.databases.primary, [changeAttempt(context, attempt, change)]);
        } catch (error) {
          if (lostRace(error)) return false;
          throw error;
        }
        return true;
      },
      settle: (orderId) => settlePayment(context, orderId),
    },
    order,
  );
}
