import type { Page, PageRequest } from "#core/page";
import { type OrderAccess, readOwnOrder } from "#features/orders/read-own-order";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { presentReturn } from "./present-return.ts";
import type { ReturnStatus } from "./rules.ts";
import type { ReturnWire } from "./schema.ts";
import { type ReturnRow, selectReturns, selectReturnsOf } from "./store.ts";

/**
 * The returns of an order, oldest first, for whoever may read the order.
 * @throws AppError not_found.
 */
export async function listReturnsOfOrder(context: Context, access: OrderAccess): Promise<ReturnWire[]> {
  const order = await readOwnOrder(context, access);
  return (await selectReturnsOf(context, order.id)).map(presentReturn);
}

/** A page of everybody's returns, newest first, for staff. */
export async function listAllReturns(
  context: Context,
  status: ReturnStatus | undefined,
  request: PageRequest,
): Promise<Page<ReturnWire>> {
  const page = await readPage<ReturnRow>(context.settings, request, {
    name: `returns ${status ?? "all"}`,
    positionOf: (row) => [row.id],
    read: (travel) => selectReturns(context, status, travel),
  });
  return { ...page, items: page.items.map(presentReturn) };
}
