import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { openToken } from "#platform/signed-tokens";
import { type Order, loadOrder } from "./load-order.ts";

/** An order that somebody asks for, with the guest's token if one was sent. */
export type OrderAccess = { readonly orderId: string; readonly orderToken: string | undefined };

/**
 * The order, for its user or for the guest who holds its token; staff reads it at /admin/orders.
 * @throws AppError not_found for unknown orders and other people's alike.
 */
export async function readOwnOrder(context: Context, access: OrderAccess): Promise<Order> {
  const order = await loadOrder(context, access.orderId);
  if (order === undefined || !(await mayRead(context, order, access.orderToken)))
    throw new AppError("not_found", {
      detail: "There is no such order for you. Guests send the order's access_token as Order-Token.",
    });
  return order;
}

async function mayRead(context: Context, order: Order, orderToken: string | undefined): Promise<boolean> {
  const { principal } = context;
  if (principal.kind === "system") return true;
  if (principal.kind === "user" && principal.userId === order.userId) return true;
  if (orderToken === undefined) return false;
  return (await openToken(context.settings, "order", orderToken)) === order.id;
}
