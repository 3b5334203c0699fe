import type { RecordedEvent } from "#events/catalogue";
import { orderAudience } from "#features/orders/order-audience";
import { idSchema } from "#core/ids";
import type { Context } from "#platform/context";

const OrderId = idSchema("order");

/** Takes what was ordered out of the cart that it came from, once. */
export async function clearOrderedLines(
  context: Context,
  event: RecordedEvent<"order.placed">,
): Promise<void> {
  const orderId = OrderId.parse(event.data.order_id);
  const audience = await orderAudience(context, orderId);
  if (audience) await context.objects.cart(audience.cartId).completeCheckout(orderId);
}
