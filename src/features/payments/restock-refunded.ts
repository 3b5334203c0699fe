import { newId } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import { unitsBySku } from "#features/orders/rules";
import type { Context } from "#platform/context";

/** Puts the units of refunded lines back on sale, where the refund says so; once per refund and SKU. */
export async function restockRefunded(
  context: Context,
  event: RecordedEvent<"order.refunded">,
): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order === undefined) return;
  const skuOf = new Map(order.lines.map((line) => [line.id, line.sku]));
  for (const refund of order.refunds) {
    if (!refund.restock || refund.status !== "succeeded") continue;
    const returned = refund.lines.flatMap(({ order_line_id: id, quantity }) => {
      const sku = skuOf.get(id);
      return sku === undefined ? [] : [{ sku, quantity }];
    });
    for (const [sku, quantity] of unitsBySku(returned))
      await context.objects.inventory(sku).adjust({
        type: "receive",
        id: `restock ${refund.id}`,
        movementId: newId("movement", context.now()),
        quantity,
        reason: `returned with ${refund.id}`,
      });
  }
}
