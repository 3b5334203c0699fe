import { AppError } from "#core/errors";
import { newIdBeside } from "#core/ids";
import { changeOrder } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import { type OrderAccess, requireOwnOrder } from "#features/orders/read-own-order";
import { requireOrder } from "#features/orders/require-order";
import { type FulfilmentLine, mergedLines } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { ordersAt } from "#platform/order-homes";
import { presentReturn } from "./present-return.ts";
import { isInTime, linesBeyond, returnLimits, returnableUnits } from "./rules.ts";
import type { RequestReturn, ReturnWire } from "./schema.ts";
import { type ReturnRow, insertReturn, selectReturnsOf } from "./store.ts";

/**
 * The buyer asks to send goods back.
 * @throws AppError not_found, invalid_transition, return_too_late, return_exceeds_delivery, conflict.
 */
export async function requestReturn(
  context: Context,
  access: OrderAccess,
  input: RequestReturn,
): Promise<ReturnWire> {
  const order = await requireOwnOrder(context, access);
  refuseUnsent(order);
  if (!isInTime(order.fulfilments, context.now()))
    throw new AppError("return_too_late", {
      detail: `Goods can be returned for ${returnLimits.askWithinDays} days after delivery; write to the shop, which can still open a return.`,
    });
  return storeReturn(context, order, { ...input, requestedBy: "buyer" });
}

/**
 * Staff open a return on the buyer's behalf, at any time after shipping.
 * @throws AppError not_found, invalid_transition, return_exceeds_delivery, conflict.
 */
export async function openReturn(
  context: Context,
  orderId: string,
  input: RequestReturn,
): Promise<ReturnWire> {
  const order = await requireOrder(context, orderId);
  refuseUnsent(order);
  return storeReturn(context, order, { ...input, requestedBy: "staff" });
}

function refuseUnsent(order: Order): void {
  if (order.fulfilments.some(({ status }) => status === "shipped" || status === "delivered")) return;
  throw new AppError("invalid_transition", {
    detail:
      "Nothing of this order has been shipped, so nothing can come back. An unpaid order can be cancelled, a paid one refunded.",
    members: { status_of_order: order.status },
  });
}

type NewReturn = { lines: readonly FulfilmentLine[]; reason: string; requestedBy: ReturnRow["requestedBy"] };

async function storeReturn(context: Context, order: Order, asked: NewReturn): Promise<ReturnWire> {
  refuseTooMany(asked.lines, returnableUnits(order.fulfilments, await selectReturnsOf(context, order.id)));
  const id = newIdBeside("return", context.now(), order.id);
  // The order's version guards the sum: two returns at once cannot both take the last unit.
  const { row: changed, statements } = changeOrder(context, order, {
    transition: undefined,
    event: "order.return_requested",
    data: { return_id: id },
  });
  const row: ReturnRow = {
    id,
    orderId: order.id,
    status: "requested",
    requestedBy: asked.requestedBy,
    reason: asked.reason,
    decisionNote: null,
    lines: mergedLines(asked.lines),
    receipts: [],
    version: 1,
    createdAt: changed.updatedAt,
    updatedAt: changed.updatedAt,
  };
  const answer = presentReturn(row);
  await transact(ordersAt(context, id), [
    ...statements,
    insertReturn(context, row),
    ...recordAnswer(context, answer),
  ]);
  context.wakeOutbox();
  return answer;
}

function refuseTooMany(lines: readonly FulfilmentLine[], units: ReadonlyMap<string, number>): void {
  const beyond = linesBeyond(lines, units);
  if (beyond.length === 0) return;
  throw new AppError("return_exceeds_delivery", {
    detail:
      "Lower the quantities named in errors: units that were not shipped, or that a return names already, cannot be returned.",
    errors: beyond.map(({ at, left }) => ({
      pointer: `/lines/${at}`,
      code: "too_many",
      detail: `${left} units of this line can be returned.`,
    })),
  });
}
