import { AppError } from "#core/errors";
import type { RecordedEvent } from "#events/catalogue";
import { endPayment } from "#features/payments/end-payment";
import { settlePayment } from "#features/payments/settle-payment";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { ordersAt } from "#platform/order-homes";
import { changeOrderStatements } from "./change-order.ts";
import { type EndingPorts, cancelOrder as endOnRequest, expireOrder } from "./ending.ts";
import { type Order, loadOrder } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { type OrderAccess, requireOwnOrder } from "./read-own-order.ts";
import { requireOrder } from "./require-order.ts";
import type { OrderWire } from "./schema.ts";
import { returnStock } from "./stock-claims.ts";
import { selectOverdueOrders } from "./store.ts";

/** Orders expired in one sweep. */
const expireMax = 50;

/**
 * Cancels an order that is not paid yet, or promised by bank transfer. The provider is told first; when it turns out that the money is on its way
 * already, the order goes on and the cancellation is refused.
 * @throws AppError not_found, invalid_transition, payment_outcome_unknown, conflict.
 */
export async function cancelOrder(context: Context, access: OrderAccess): Promise<OrderWire> {
  return cancel(context, await requireOwnOrder(context, access));
}

/**
 * The same for staff, of any order: a bank transfer that never comes is given up.
 * @throws AppError as {@link cancelOrder}.
 */
export async function cancelAnyOrder(context: Context, orderId: string): Promise<OrderWire> {
  return cancel(context, await requireOrder(context, orderId));
}

async function cancel(context: Context, order: Order): Promise<OrderWire> {
  const ended = await endOnRequest(portsOf(context), order);
  if (ended.status !== "cancelled")
    throw new AppError("invalid_transition", {
      detail: `The order is ${ended.status}: it can no longer be cancelled, but it can be returned.`,
    });
  return presentOrder(ended);
}

/** Expires orders whose time to pay is over. One that cannot be expired now stays for the next sweep. */
export async function expireOverdueOrders(context: Context): Promise<number> {
  const overdue = await selectOverdueOrders(context, expireMax);
  for (const { id } of overdue) {
    try {
      await expireOrder(portsOf(context), id);
    } catch (error) {
      context.log("warn", "an overdue order could not be expired yet", {
        ...errorFields(error),
        order_id: id,
      });
    }
  }
  return overdue.length;
}

function portsOf(context: Context): EndingPorts<Order> {
  return {
    load: (orderId) => loadOrder(context, orderId),
    settlePayment: (orderId) => settlePayment(context, { orderId }),
    endPayment: (order) => endPayment(context, order),
    change: async (order, end) => {
      try {
        await transact(ordersAt(context, order.id), changeOrderStatements(context, order, end));
      } catch (error) {
        if (lostRace(error)) return false;
        throw error;
      }
      context.wakeOutbox();
      return true;
    },
  };
}

/** Gives back the stock of an order that has ended unpaid; the outbox repeats it until it is done. */
export async function returnStockOfEndedOrder(
  context: Context,
  event: RecordedEvent<"order.cancelled" | "order.expired">,
): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order !== undefined) await returnStock(context.objects.inventory, order);
}
