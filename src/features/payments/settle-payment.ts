import { AppError } from "#core/errors";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import { commitStock } from "#features/orders/stock-claims";
import type { Context } from "#platform/context";
import { gatewayOf } from "./gateways.ts";
import { lostRace, transact } from "#platform/database";
import { type SettledAttempt, type SettlementChange, type SettlementPorts, settle } from "./settlement.ts";
import { bookMoney } from "./money-ledger.ts";
import { recordProviderRefund, refundSurplus } from "./surplus.ts";
import { changeAttempt } from "./store.ts";

/**
 * Settles an order's payment against Postgres, the inventory objects and the provider; see {@link settle}.
 * @throws AppError payment_outcome_unknown or dependency_unavailable when the provider gives no answer, conflict when
 * others moved the order all the time.
 */
export async function settlePayment(context: Context, orderId: string): Promise<Order | undefined> {
  const settled = await settle(portsOf(context), orderId);
  if (settled === "unsettled")
    throw new AppError("conflict", {
      detail: `The payment of ${orderId} did not come to rest; it goes on later.`,
    });
  return settled;
}

function portsOf(context: Context): SettlementPorts<Order> {
  return {
    load: (orderId) => loadOrder(context, orderId),
    authorise: async ({ id: orderId, total: amount, currency }, { id: attemptId, provider }) => {
      const request = { attemptId, orderId, amount, currency };
      return (await gatewayOf(context, provider).authorise(request)).facts;
    },
    read: async ({ provider }, reference) => (await gatewayOf(context, provider).read(reference)).facts,
    capture: ({ provider, id }, reference) => gatewayOf(context, provider).capture(id, reference),
    cancel: ({ provider, id }, reference) => gatewayOf(context, provider).cancel(id, reference),
    commitStock: (order) => commitStock(context.objects.inventory, order),
    change: (order, change) => changeTogether(context, order, change),
    refundSurplus: (order, attempt, amount) => refundSurplus(context, { order, attempt, amount }),
    recordProviderRefund: (order, attempt, amount) =>
      recordProviderRefund(context, { order, attempt, amount }),
  };
}

async function changeTogether(context: Context, order: Order, change: SettlementChange): Promise<boolean> {
  const [first, ...rest] = [
    ...(change.order ? changeOrderStatements(context, order, change.order) : []),
    ...(change.attempt && order.attempt ? [changeAttempt(context, order.attempt, change.attempt)] : []),
    ...(change.order?.event === "order.paid" && order.attempt
      ? [bookCapture(context, order, order.attempt)]
      : []),
  ];
  if (first === undefined) return true;
  try {
    await transact(context.databases.primary, [first, ...rest]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  if (change.order) context.wakeOutbox();
  return true;
}

function bookCapture(context: Context, order: Order, attempt: SettledAttempt) {
  return bookMoney(context, {
    transactionId: `capture:${attempt.id}`,
    kind: "capture",
    orderId: order.id,
    provider: attempt.provider,
    amount: order.total,
    currency: order.currency,
  });
}
