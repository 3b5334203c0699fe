import type { RecordedEvent } from "#events/catalogue";
import { idSchema } from "#core/ids";
import type { Context } from "#platform/context";

const OrderId = idSchema("order");

/** Takes what was ordered out of the cart that it came from, once. */
export async function clearOrderedLines(
  context: Context,
  { data }: RecordedEvent<"order.placed">,
): Promise<void> {
  await context.objects.cart(data.cart_id).completeCheckout(OrderId.parse(data.order_id));
}
