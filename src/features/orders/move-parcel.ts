import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { changeOrderStatements, statusAfter } from "./change-order.ts";
import { type Order, loadOrder } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { requireOrder } from "./require-order.ts";
import { unfulfilledUnits } from "./rules.ts";
import type { OrderWire, ShipFulfilment } from "./schema.ts";
import { type FulfilmentRow, type ParcelChange, changeFulfilment } from "./store.ts";

type ParcelAddress = { orderId: string; fulfilmentId: string };

/**
 * Hands a parcel to a carrier. The order is shipped when every ordered unit is on its way.
 * @throws AppError not_found, invalid_transition.
 */
export async function shipParcel(
  context: Context,
  address: ParcelAddress,
  input: ShipFulfilment,
): Promise<OrderWire> {
  const { order, parcel } = await findParcel(context, address, "open");
  const last = everyOther(order, parcel, ["shipped", "delivered"]);
  return moveParcel(context, order, {
    transition: last ? "ship" : "ship_part",
    event: "order.shipped",
    parcel: {
      id: parcel.id,
      from: "open",
      to: "shipped",
      carrier: input.carrier,
      trackingNumber: input.tracking_number,
      trackingUrl: input.tracking_url ?? null,
    },
  });
}

/**
 * Notes that a parcel has arrived. The order is delivered when its last parcel has.
 * @throws AppError not_found, invalid_transition.
 */
export async function deliverParcel(context: Context, address: ParcelAddress): Promise<OrderWire> {
  const { order, parcel } = await findParcel(context, address, "shipped");
  const last = order.status !== "fulfilling" && everyOther(order, parcel, ["delivered"]);
  return moveParcel(context, order, {
    transition: last ? "deliver" : "deliver_part",
    event: "order.delivered",
    parcel: { id: parcel.id, from: "shipped", to: "delivered" },
  });
}

async function findParcel(
  context: Context,
  { orderId, fulfilmentId }: ParcelAddress,
  status: FulfilmentRow["status"],
): Promise<{ order: Order; parcel: FulfilmentRow }> {
  const order = await requireOrder(context, orderId);
  const parcel = order.fulfilments.find((fulfilment) => fulfilment.id === fulfilmentId);
  if (parcel === undefined) throw new AppError("not_found", { detail: "This order has no such fulfilment." });
  if (parcel.status !== status)
    throw new AppError("invalid_transition", {
      detail: `The fulfilment is ${parcel.status}, not ${status}.`,
    });
  return { order, parcel };
}

/** True when this parcel is the last: all units are packed, and every other parcel has come that far. */
function everyOther(
  order: Order,
  parcel: FulfilmentRow,
  statuses: readonly FulfilmentRow["status"][],
): boolean {
  const unpacked = [...unfulfilledUnits(order.lines, order.fulfilments).values()].some((units) => units > 0);
  return (
    !unpacked &&
    order.fulfilments.every(
      (other) => other.id === parcel.id || other.status === "cancelled" || statuses.includes(other.status),
    )
  );
}

type ParcelMove = {
  transition: "ship" | "ship_part" | "deliver" | "deliver_part";
  event: "order.shipped" | "order.delivered";
  parcel: ParcelChange;
};

async function moveParcel(context: Context, order: Order, { transition, event, parcel }: ParcelMove) {
  statusAfter(order, transition);
  await transact(context.databases.primary, [
    ...changeOrderStatements(context, order, { transition, event, data: { fulfilment_id: parcel.id } }),
    changeFulfilment(context, parcel),
  ]);
  context.wakeOutbox();
  return presentOrder((await loadOrder(context, order.id)) ?? order);
}
