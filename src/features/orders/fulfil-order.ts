import { AppError } from "#core/errors";
import { newIdBeside } from "#core/ids";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { ordersAt } from "#platform/order-homes";
import { changeOrder, statusAfter } from "./change-order.ts";
import type { Order } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { type FulfilmentLine, unfulfilledUnits } from "./rules.ts";
import type { FulfilOrder, OrderWire } from "./schema.ts";
import { requireOrder } from "./require-order.ts";
import { insertFulfilment, newFulfilment } from "./store.ts";

/**
 * Packs lines of a paid order into a parcel: the named ones, or all that no parcel has yet.
 * @throws AppError not_found, invalid_transition, invalid_request when more is packed than was ordered.
 */
export async function fulfilOrder(context: Context, orderId: string, input: FulfilOrder): Promise<OrderWire> {
  const order = await requireOrder(context, orderId);
  statusAfter(order, "fulfil");
  const lines = linesToPack(order, input.lines);
  const id = newIdBeside("fulfilment", context.now(), order.id);
  const { row, statements } = changeOrder(context, order, {
    transition: "fulfil",
    event: "order.fulfilling",
    data: { fulfilment_id: id },
  });
  const parcel = newFulfilment({ id, orderId: order.id, lines }, row.updatedAt);
  const answer = presentOrder({ ...order, ...row, fulfilments: [...order.fulfilments, parcel] });
  await transact(ordersAt(context, order.id), [
    ...statements,
    insertFulfilment(context, parcel),
    ...recordAnswer(context, answer),
  ]);
  context.wakeOutbox();
  return answer;
}

function linesToPack(order: Order, asked: readonly FulfilmentLine[] | undefined): readonly FulfilmentLine[] {
  const open = unfulfilledUnits(order);
  const wanted =
    asked ??
    [...open]
      .filter(([, quantity]) => quantity > 0)
      .map(([id, quantity]) => ({ order_line_id: id, quantity }));
  if (wanted.length === 0)
    throw new AppError("invalid_transition", {
      detail: "Every unit of this order is in a parcel or went back on sale: nothing is left to pack.",
    });
  const faults = wanted.flatMap(({ order_line_id: id, quantity }, index) => {
    const left = (open.get(id) ?? 0) - quantity;
    open.set(id, left);
    if (left >= 0) return [];
    return [
      {
        pointer: `/lines/${index}`,
        code: "too_many",
        detail: `Only ${left + quantity} units are left to pack.`,
      },
    ];
  });
  if (faults.length > 0)
    throw new AppError("invalid_request", {
      detail: "More would be packed than is left to pack; lower the quantities named in errors.",
      errors: faults,
    });
  return wanted;
}
