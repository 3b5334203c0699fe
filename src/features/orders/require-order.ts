import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { type Order, loadOrder } from "./load-order.ts";

/**
 * The order for staff, whoever owns it.
 * @throws AppError not_found.
 */
export async function requireOrder(context: Context, orderId: string): Promise<Order> {
  const order = await loadOrder(context, orderId);
  if (order === undefined) throw new AppError("not_found", { detail: "There is no order with this id." });
  return order;
}
