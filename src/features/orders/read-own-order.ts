import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { openToken } from "#platform/signed-tokens";
import { type Order, findOrder, orderStatement } from "./load-order.ts";
import { refuseArchived } from "./require-order.ts";

/** An order that somebody asks for, with the guest's token if one was sent. */
export type OrderAccess = { readonly orderId: string; readonly orderToken: string | undefined };

/**
 * The order to read, wherever it is, for its user or for the guest who holds its token; staff reads it at /admin/orders.
 * @throws AppError not_found for unknown orders and other people's alike.
 */
export async function readOwnOrder(context: Context, access: OrderAccess): Promise<Order> {
  const { owner } = await entitlementOf(context, access);
  const order = await findOrder(context, access.orderId, owner);
  if (order === undefined) throw noSuchOrder();
  return order;
}

/**
 * The same, to do something with it.
 * @throws AppError not_found, order_archived.
 */
export async function requireOwnOrder(context: Context, access: OrderAccess): Promise<Order> {
  return refuseArchived(await readOwnOrder(context, access));
}

/**
 * The statement that reads it for a batch, which finds no archived order. A statement is a promise of its own result,
 * hence it comes in a box.
 * @throws AppError not_found for whoever may have no order.
 */
export async function ownOrderStatement(context: Context, access: OrderAccess) {
  const { owner } = await entitlementOf(context, access);
  return { statement: orderStatement(context, access.orderId, owner) };
}

function noSuchOrder(): AppError {
  return new AppError("not_found", {
    detail: "There is no such order for you. Guests send the order's access_token as Order-Token.",
  });
}

/**
 * Whose the order must be for the asker to have it; anybody's when undefined.
 * @throws AppError not_found for whoever may have none.
 */
async function entitlementOf(context: Context, access: OrderAccess): Promise<{ owner: string | undefined }> {
  const { principal, settings } = context;
  const { orderId, orderToken } = access;
  if (principal.kind === "system") return { owner: undefined };
  if (orderToken !== undefined && (await openToken(settings, "order", orderToken)) === orderId)
    return { owner: undefined };
  if (principal.kind !== "user") throw noSuchOrder();
  return { owner: principal.userId };
}
