import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { orders } from "./tables.ts";

/** Whose order it is: its user, if any, and the cart that it came from. */
export async function orderAudience(
  context: Context,
  orderId: string,
): Promise<{ userId: string | null; cartId: string } | undefined> {
  const [audience] = await context.databases.primary
    .select({ userId: orders.userId, cartId: orders.cartId })
    .from(orders)
    .where(eq(orders.id, orderId));
  return audience;
}
