import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { ordersAt } from "#platform/order-homes";
import { changeOrder } from "./change-order.ts";
import type { Order } from "./load-order.ts";
import { presentOrder } from "./present-order.ts";
import { requireOrder } from "./require-order.ts";
import { type OrderTransition, unfulfilledUnits } from "./rules.ts";
import type { OrderWire, ShipFulfilment } from "./schema.ts";
import { type FulfilmentRow, changeFulfilment } from "./store.ts";

type ParcelAddress = { orderId: string; fulfilmentId: string };

/**
 * Hands a parcel to a carrier. The order is shipped when every ordered unit is on its way.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function shipParcel(
  context: Context,
  address: ParcelAddress,
  input: ShipFulfilment,
): Promise<OrderWire> {
  const { order, parcel } = await findParcel(context, address, "open");
  const last = everyOther(order, parcel, ["shipped", "delivered"]);
  return moveParcel(context, { order, parcel }, (at) => ({
    transition: last ? "ship" : "ship_part",
    event: "order.shipped",
    after: {
      ...parcel,
      status: "shipped",
      carrier: input.carrier,
      trackingNumber: input.tracking_number,
      trackingUrl: input.tracking_url ?? null,
      shippedAt: at,
    },
  }));
}

/**
 * Notes that a parcel has arrived. The order is delivered when its last parcel has.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function deliverParcel(context: Context, address: ParcelAddress): Promise<OrderWire> {
  const { order, parcel } = await findParcel(context, address, "shipped");
  const last = order.status !== "fulfilling" && everyOther(order, parcel, ["delivered"]);
  return moveParcel(context, { order, parcel }, (at) => ({
    transition: last ? "deliver" : "deliver_part",
    event: "order.delivered",
    after: { ...parcel, status: "delivered", deliveredAt: at },
  }));
}

/**
 * Takes a parcel apart that no carrier has yet: its units are to be packed again. An order of which nothing is packed
 * any more is paid again.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function cancelParcel(context: Context, address: ParcelAddress): Promise<OrderWire> {
  const { order, parcel } = await findParcel(context, address, "open");
  const last = everyOther(order, parcel, []);
  return moveParcel(context, { order, parcel }, () => ({
    transition: last ? "unpack" : "unpack_part",
    event: "order.parcel_cancelled",
    after: { ...parcel, status: "cancelled" },
  }));
}

const nextOf: Record<FulfilmentRow["status"], string> = {
  open: "Ship it first.",
  shipped: "It can only be delivered now.",
  delivered: "It has arrived: nothing is left to do.",
  cancelled: "Pack its units again with POST /admin/orders/{id}/fulfilments.",
};

async function findParcel(
  context: Context,
  { orderId, fulfilmentId }: ParcelAddress,
  status: FulfilmentRow["status"],
): Promise<{ order: Order; parcel: FulfilmentRow }> {
  const order = await requireOrder(context, orderId);
  const parcel = order.fulfilments.find((fulfilment) => fulfilment.id === fulfilmentId);
  if (parcel === undefined)
    throw new AppError("not_found", {
      detail: "This order has no such fulfilment; take the id from its `fulfilments`.",
    });
  if (parcel.status !== status)
    throw new AppError("invalid_transition", {
      detail: `The fulfilment is ${parcel.status}, not ${status}. ${nextOf[parcel.status]}`,
      members: { status_of_fulfilment: parcel.status },
    });
  return { order, parcel };
}

/** True when nothing is left to pack besides, and every other parcel has come that far or is cancelled. */
function everyOther(
  order: Order,
  parcel: FulfilmentRow,
  statuses: readonly FulfilmentRow["status"][],
): boolean {
  const others = order.fulfilments.filter(({ id, status }) => id !== parcel.id && status !== "cancelled");
  if (statuses.length === 0) return others.length === 0;
  const unpacked = [...unfulfilledUnits(order).values()].some((units) => units > 0);
  return !unpacked && others.every((other) => statuses.includes(other.status));
}

type ParcelMove = {
  transition: Extract<OrderTransition, `${"ship" | "deliver" | "unpack"}${"" | "_part"}`>;
  event: "order.shipped" | "order.delivered" | "order.parcel_cancelled";
  after: FulfilmentRow;
};

async function moveParcel(
  context: Context,
  { order, parcel }: { order: Order; parcel: FulfilmentRow },
  moveAt: (at: Date) => ParcelMove,
): Promise<OrderWire> {
  const at = new Date(context.now());
  const { transition, event, after } = moveAt(at);
  const { row, statements } = changeOrder(context, order, {
    transition,
    event,
    data: { fulfilment_id: parcel.id },
  });
  const moved = { ...after, updatedAt: at };
  const fulfilments = order.fulfilments.map((each) => (each.id === moved.id ? moved : each));
  const answer = presentOrder({ ...order, ...row, fulfilments });
  await transact(ordersAt(context, order.id), [
    ...statements,
    changeFulfilment(context, moved, parcel.status),
    ...recordAnswer(context, answer),
  ]);
  context.wakeOutbox();
  return answer;
}
