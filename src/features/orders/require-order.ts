import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { type Order, loadOrder } from "./load-order.ts";

/**
 * The order for staff, whoever owns it.
 * @throws AppError not_found.
 */
export async function requireOrder(context: Context, orderId: string): Promise<Order> {
  return foundOrder(await loadOrder(context, orderId));
}

/** @throws AppError not_found where there is none. */
export function foundOrder(order: Order | undefined): Order {
  if (order === undefined) throw new AppError("not_found", { detail: "There is no order with this id." });
  return order;
}
