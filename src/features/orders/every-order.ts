import type { Id } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { presentOrder } from "./present-order.ts";
import type { OrderWire } from "./schema.ts";
import { selectHistory, selectPageOfOrders } from "./store.ts";

/** Orders that are in memory at once. */
const ordersAtOnce = 50;

type OrderWithHistory = OrderWire & { history: { type: string; data: unknown; at: string }[] };

/** Every order of a user with its history, newest first, read on as they are taken. */
export async function* everyOrderOf(
  context: Context,
  userId: Id<"user">,
): AsyncGenerator<OrderWithHistory, void> {
  let beforeId: string | undefined;
  for (;;) {
    const orders = await selectPageOfOrders(context, {
      userId,
      from: "everywhere",
      ...(beforeId === undefined ? {} : { beforeId }),
      rowsMax: ordersAtOnce,
    });
    for (const order of orders) {
      const history = await selectHistory(context, order);
      yield {
        ...presentOrder(order),
        history: history.map(({ type, data, at }) => ({
          type,
          data,
          at: toTimestamp(epochMs(at.getTime())),
        })),
      };
    }
    beforeId = orders.at(-1)?.id;
    if (orders.length < ordersAtOnce) return;
  }
}
