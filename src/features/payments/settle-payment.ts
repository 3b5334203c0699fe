import { AppError } from "#core/errors";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import { reservationId, unitsBySku } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { type SettlementChange, type SettlementPorts, settle } from "./settlement.ts";
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
    read: async ({ provider }, reference) => (await context.payments[provider].read(reference)).facts,
    capture: ({ provider, id }, reference) => context.payments[provider].capture(id, reference),
    cancel: ({ provider, id }, reference) => context.payments[provider].cancel(id, reference),
    commitStock: (order) => commitStock(context, order),
    change: (order, change) => changeTogether(context, order, change),
  };
}

async function commitStock(context: Context, order: Order): Promise<string[]> {
  const outcomes = await Promise.all(
    unitsBySku(order.lines).map(async ([sku]) => {
      const id = reservationId(order.id, sku);
      const reply = await context.objects.inventory(sku).commit({ type: "commit", id });
      return { sku, ok: reply.ok };
    }),
  );
  return outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.sku);
}

async function changeTogether(context: Context, order: Order, change: SettlementChange): Promise<boolean> {
  const [first, ...rest] = [
    ...(change.order ? changeOrderStatements(context, order, change.order) : []),
    ...(change.attempt && order.attempt ? [changeAttempt(context, order.attempt, change.attempt)] : []),
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
