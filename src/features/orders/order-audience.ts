import { inArray } from "drizzle-orm";
import { createGatherer } from "#platform/gather";
import { orders } from "./tables.ts";

type OrderAudience = { readonly userId: string | null; readonly cartId: string };

/** Whose order it is: its user, if any, and the cart that it came from. Orders asked for together are read at once. */
export const orderAudience = createGatherer<OrderAudience>(async ({ databases }, orderIds) => {
  const found = await databases.primary
    .select({ id: orders.id, userId: orders.userId, cartId: orders.cartId })
    .from(orders)
    .where(inArray(orders.id, [...orderIds]));
  return new Map(found.map(({ id, ...audience }) => [id, audience]));
});
