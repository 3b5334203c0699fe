import { and, desc, eq, lt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { livesHere, orderHomes, readMerged } from "#platform/order-homes";
import { presentRefund } from "./present-refund.ts";
import { refunds } from "./refund-tables.ts";
import type { RefundWire, RefundsQuery } from "./schema.ts";

/** A page of refunds, newest first; the id of the last one is the cursor. */
export async function listRefunds(
  context: Context,
  { status, order_id: orderId, limit, after }: RefundsQuery,
): Promise<{ data: RefundWire[]; has_more: boolean; next_cursor: string | null }> {
  const rowsMax = limit + 1;
  const rows = await readMerged(orderHomes(context), { rowsMax }, (database) =>
    database
      .select()
      .from(refunds)
      .where(
        and(
          status === undefined ? undefined : eq(refunds.status, status),
          orderId === undefined ? undefined : eq(refunds.orderId, orderId),
          after === undefined ? undefined : lt(refunds.id, after),
          livesHere(context, refunds.orderId),
        ),
      )
      .orderBy(desc(refunds.id))
      .limit(rowsMax),
  );
  const data = rows.slice(0, limit).map(presentRefund);
  const hasMore = rows.length > limit;
  return { data, has_more: hasMore, next_cursor: hasMore ? (data.at(-1)?.id ?? null) : null };
}
