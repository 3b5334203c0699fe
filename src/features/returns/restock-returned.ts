import { newId } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import { unitsBySku } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { findReturn } from "./store.ts";

/** Puts the sound units of one receipt back on sale. The object knows the receipt, so a repetition changes nothing. */
export async function restockReturned(
  context: Context,
  event: RecordedEvent<"return.received">,
): Promise<void> {
  const { return_id: returnId, order_id: orderId, receipt: number } = event.data;
  const [order, found] = await Promise.all([loadOrder(context, orderId), findReturn(context, returnId)]);
  const receipt = found?.receipts[number];
  if (order === undefined || receipt === undefined)
    throw new Error(`receipt ${number} of return ${returnId} is not there`);
  const skuOf = new Map(order.lines.map((line) => [line.id, line.sku]));
  const sound = receipt.lines.flatMap(({ order_line_id: id, quantity, restock }) => {
    const sku = skuOf.get(id);
    return restock && sku !== undefined ? [{ sku, quantity }] : [];
  });
  for (const [sku, quantity] of unitsBySku(sound)) {
    const reply = await context.objects.inventory(sku).adjust({
      type: "receive",
      id: `restock ${returnId} ${number}`,
      movementId: newId("movement", context.now()),
      quantity,
      reason: `returned with ${returnId}`,
    });
    if (!reply.ok) throw new Error(`${sku} took no units of return ${returnId}: ${reply.reason}`);
  }
}
