import type { PaymentProvider } from "#core/payment-facts";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import { readAttempt } from "./attempts.ts";
import { refundFact } from "./bookkeeping.ts";
import { gatewayOf } from "./gateways.ts";
import { bookMoney } from "./money-ledger.ts";
import { type RefundChange, executeRefund as execute } from "./refunding.ts";
import { type RefundRow, changeRefund } from "./refund-store.ts";

/**
 * Executes a stored refund against Postgres and the provider.
 * @returns the refund as it stands then.
 * @throws AppError payment_outcome_unknown; the refund stays pending and the sweep goes on with it. Conflict when others
 * moved the order all the time.
 */
export async function executeRefund(context: Context, refund: RefundRow): Promise<RefundRow> {
  const attempt = await readAttempt(context, refund.attemptId);
  if (attempt === undefined || attempt.providerReference === null)
    throw new Error(`refund ${refund.id} has no payment`);
  const { provider, providerReference: reference } = attempt;
  return execute<Order, RefundRow>(
    {
      give: ({ id: refundId, amount, currency }) =>
        gatewayOf(context, provider).refund({ refundId, reference, amount, currency }),
      load: (orderId) => loadOrder(context, orderId),
      store: async (order, current, change) => {
        const [first, ...rest] = outcomeStatements(context, { order, refund: current, provider }, change);
        try {
          await transact(ordersAt(context, order.id), [first, ...rest]);
        } catch (error) {
          if (lostRace(error)) return false;
          throw error;
        }
        if (change.order) context.wakeOutbox();
        return true;
      },
    },
    refund,
  );
}

type Executed = { order: Order; refund: RefundRow; provider: PaymentProvider };

function outcomeStatements(
  context: Context,
  { order, refund, provider }: Executed,
  { facts: { state: status, reference, failureCode }, order: move, booked }: RefundChange,
) {
  const { amount, currency } = refund;
  const failure = failureCode === undefined ? {} : { failure_code: failureCode };
  return [
    changeRefund(context, refund, {
      status,
      reference,
      ...(failureCode === undefined ? {} : { failureCode }),
    }),
    ...(move
      ? changeOrderStatements(context, order, {
          ...move,
          data: { refund_id: refund.id, amount, currency, ...failure },
        })
      : []),
    ...(booked ? [bookMoney(context, refundFact(order, refund, provider))] : []),
  ] as const;
}
