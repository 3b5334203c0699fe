import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { orders } from "./tables.ts";

/** Who follows an order besides those who hold its token. */
export async function orderAudience(
  context: Context,
  orderId: string,
): Promise<{ userId: string | null } | undefined> {
  const [audience] = await context.databases.primary
    .select({ userId: orders.userId })
    .from(orders)
    .where(eq(orders.id, orderId));
  return audience;
}
