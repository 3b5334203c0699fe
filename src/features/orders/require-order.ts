import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { type Order, findOrder } from "./load-order.ts";

/**
 * The order for staff to read, whoever owns it and wherever it is.
 * @throws AppError not_found.
 */
export async function readAnyOrder(context: Context, orderId: string): Promise<Order> {
  const order = await findOrder(context, orderId);
  if (order === undefined) throw new AppError("not_found", { detail: "There is no order with this id." });
  return order;
}

/**
 * The order for staff to do something with it.
 * @throws AppError not_found, order_archived.
 */
export async function requireOrder(context: Context, orderId: string): Promise<Order> {
  return refuseArchived(await readAnyOrder(context, orderId));
}

/** @throws AppError order_archived. */
export function refuseArchived(order: Order): Order {
  if (!order.archived) return order;
  const month = order.createdAt.toISOString().slice(0, 7);
  throw new AppError("order_archived", {
    detail: `The orders of ${month} are archived: they can be read. The shop's operator brings the month back.`,
    members: { month },
  });
}
