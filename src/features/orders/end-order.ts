import { AppError } from "#core/errors";
import type { EventType, RecordedEvent } from "#events/catalogue";
import { endPayment } from "#features/payments/end-payment";
import { settlePayment } from "#features/payments/settle-payment";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { changeOrderStatements } from "./change-order.ts";
import { type Order, loadOrder } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { type OrderAccess, readOwnOrder } from "./read-own-order.ts";
import { isPayable, reservationId, unitsBySku } from "./rules.ts";
import type { OrderWire } from "./schema.ts";
import { selectOverdueOrders } from "./store.ts";

/** Orders expired in one sweep. */
const expireMax = 50;

type End = {
  transition: "cancel" | "expire";
  event: Extract<EventType, "order.cancelled" | "order.expired">;
  reason: string;
};

/**
 * Cancels an order that is not paid yet. The provider is told first; when it turns out that the money is on its way
 * already, the order goes on and the cancellation is refused.
 * @throws AppError not_found, invalid_transition, payment_outcome_unknown.
 */
export async function cancelOrder(context: Context, access: OrderAccess): Promise<OrderWire> {
  const order = await readOwnOrder(context, access);
  if (order.status === "cancelled") return presentOrder(order);
  const ended = await endOrder(context, order, {
    transition: "cancel",
    event: "order.cancelled",
    reason: "requested",
  });
  if (ended.status !== "cancelled")
    throw new AppError("invalid_transition", {
      detail: `The order is ${ended.status}: it can no longer be cancelled, but it can be returned.`,
    });
  return presentOrder(ended);
}

/**
 * Expires orders whose time to pay is over, unless the provider turns out to have the buyer's authorisation already.
 * One that cannot be expired now stays for the next sweep.
 */
export async function expireOverdueOrders(context: Context): Promise<number> {
  const overdue = await selectOverdueOrders(context, expireMax);
  for (const { id } of overdue) {
    try {
      const order = await settlePayment(context, id);
      if (order && isPayable(order.status))
        await endOrder(context, order, {
          transition: "expire",
          event: "order.expired",
          reason: "not_paid_in_time",
        });
    } catch (error) {
      context.log("warn", "an overdue order could not be expired yet", {
        ...errorFields(error),
        order_id: id,
      });
    }
  }
  return overdue.length;
}

/** Payment first, then the order; its stock is given back by the consumer of the event, which repeats until done. */
async function endOrder(context: Context, order: Order, { transition, event, reason }: End): Promise<Order> {
  const payment = await endPayment(context, order);
  if (payment.outcome === "paid") return payment.order;
  try {
    await transact(context.databases.primary, [
      ...changeOrderStatements(context, payment.order, { transition, event, data: { reason } }),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    return (await loadOrder(context, order.id)) ?? order;
  }
  context.wakeOutbox();
  return (await loadOrder(context, order.id)) ?? order;
}

/** Gives back the stock of an order that has ended unpaid: holds and, where payment failed half-way, commitments. */
export async function returnStockOfEndedOrder(
  context: Context,
  event: RecordedEvent<"order.cancelled" | "order.expired">,
): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order === undefined) return;
  await Promise.all(
    unitsBySku(order.lines).map(([sku]) =>
      context.objects.inventory(sku).revert({ type: "revert", id: reservationId(order.id, sku) }),
    ),
  );
}
