import { newId } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { restockOf, returnedUnits } from "./refund-rules.ts";

/** Puts the units of refunded lines back on sale, where the refund says so; once per refund and SKU. */
export async function restockRefunded(
  context: Context,
  event: RecordedEvent<"order.refunded">,
): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order === undefined) return;
  for (const units of returnedUnits(order.refunds, order.lines))
    await context.objects.inventory(units.sku).adjust(restockOf(units, newId("movement", context.now())));
}
