import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { ordersAt } from "#platform/order-homes";

const Outcomes = z.tuple([z.object({ month: z.string(), outcome: z.string() })]).or(z.tuple([]));

/**
 * Brings the month of an archived order back, and tells the error tracker: a late refund, dispute or event of its payment
 * is why. Where the tables are in use this fails, and whoever delivers the news comes again.
 * @returns whether the order is there now; false when no archive has it.
 */
export async function bringBackOrder(context: Context, orderId: string): Promise<boolean> {
  const { rows } = await ordersAt(context, orderId).execute(sql`
    select month::text, restore_order_month(month) as outcome
    from (select month_of_order(id) as month from archive.orders where id = ${orderId}) as archived`);
  const [brought] = Outcomes.parse(rows);
  if (brought === undefined) return false;
  context.log("warn", "brought a month of orders back", { order_id: orderId, month: brought.month });
  context.reportError(new Error("something moves of an archived order, and its month was brought back"), {
    job: "archive",
    order_id: orderId,
  });
  return true;
}
