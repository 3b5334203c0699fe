import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { changeOrderStatements, statusAfter } from "./change-order.ts";
import { type Order, loadOrder } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { type FulfilmentLine, unfulfilledUnits } from "./rules.ts";
import type { FulfilOrder, OrderWire } from "./schema.ts";
import { requireOrder } from "./require-order.ts";
import { insertFulfilment } from "./store.ts";

/**
 * Packs lines of a paid order into a parcel: the named ones, or all that no parcel has yet.
 * @throws AppError not_found, invalid_transition, invalid_request when more is packed than was ordered.
 */
export async function fulfilOrder(context: Context, orderId: string, input: FulfilOrder): Promise<OrderWire> {
  const order = await requireOrder(context, orderId);
  statusAfter(order, "fulfil");
  const lines = linesToPack(order, input.lines);
  const id = newId("fulfilment", context.now());
  await transact(context.databases.primary, [
    ...changeOrderStatements(context, order, {
      transition: "fulfil",
      event: "order.fulfilling",
      data: { fulfilment_id: id },
    }),
    insertFulfilment(context, { id, orderId: order.id, lines }),
  ]);
  context.wakeOutbox();
  return presentOrder((await loadOrder(context, orderId)) ?? order);
}

function linesToPack(order: Order, asked: readonly FulfilmentLine[] | undefined): readonly FulfilmentLine[] {
  const open = unfulfilledUnits(order.lines, order.fulfilments);
  const wanted =
    asked ??
    [...open]
      .filter(([, quantity]) => quantity > 0)
      .map(([id, quantity]) => ({ order_line_id: id, quantity }));
  if (wanted.length === 0)
    throw new AppError("invalid_transition", { detail: "Every line of this order is in a parcel already." });
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
      detail: "More would be packed than was ordered.",
      errors: faults,
    });
  return wanted;
}
