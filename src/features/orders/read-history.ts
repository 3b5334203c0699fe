import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { type OrderAccess, readOwnOrder } from "./read-own-order.ts";
import type { OrderEventWire } from "./schema.ts";
import { selectHistory } from "./store.ts";

/**
 * What has happened to an order, oldest first; sequences have no gaps.
 * @throws AppError not_found.
 */
export async function readHistory(context: Context, access: OrderAccess): Promise<OrderEventWire[]> {
  const order = await readOwnOrder(context, access);
  const events = await selectHistory(context, order);
  return events.map(({ id, sequence, type, data, at }) => ({
    id,
    sequence,
    type,
    data,
    at: toTimestamp(epochMs(at.getTime())),
  }));
}
