import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type PaymentAttempt, attemptFromJson } from "#features/payments/attempts";
import { type RefundRow, refundFromJson } from "#features/payments/refund-store";
import type { Context } from "#platform/context";
import { rowFromJson } from "#platform/json-rows";
import type { FulfilmentRow, OrderLineRow, OrderRow } from "./store.ts";
import { fulfilments, orderLines, orders } from "./tables.ts";

/** An order with all that belongs to it, as the primary has it. */
export type Order = OrderRow & {
  readonly lines: readonly OrderLineRow[];
  readonly fulfilments: readonly FulfilmentRow[];
  /** Oldest first. */
  readonly attempts: readonly PaymentAttempt[];
  /** The newest payment attempt; earlier ones were superseded by it. */
  readonly attempt: PaymentAttempt | undefined;
  readonly refunds: readonly RefundRow[];
};

/** Reads one order from the primary. Whether the asker may see it is the caller's question. */
export async function loadOrder(context: Context, orderId: string): Promise<Order | undefined> {
  const [order] = await selectOrders(context, sql`where o.id = ${orderId}`);
  return order;
}

const Tree = z.object({
  order: z.unknown(),
  lines: z.array(z.unknown()),
  fulfilments: z.array(z.unknown()),
  attempts: z.array(z.unknown()),
  refunds: z.array(z.unknown()),
});

/**
 * Reads orders with all that belongs to them in one statement: one snapshot, so that what hangs on an order is never of
 * another version than the order itself.
 * @param which the statement's end: which rows of `orders o`, in which order, how many.
 */
export async function selectOrders(context: Context, which: SQL): Promise<Order[]> {
  const { rows } = await context.databases.primary.execute(sql`
    select to_jsonb(o) as "order",
      (select coalesce(jsonb_agg(to_jsonb(line) order by line.position), '[]')
        from order_lines line where line.order_id = o.id) as lines,
      (select coalesce(jsonb_agg(to_jsonb(parcel) order by parcel.id), '[]')
        from fulfilments parcel where parcel.order_id = o.id) as fulfilments,
      (select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt.id), '[]')
        from payment_attempts attempt where attempt.order_id = o.id) as attempts,
      (select coalesce(jsonb_agg(to_jsonb(refund) order by refund.id), '[]')
        from refunds refund where refund.order_id = o.id) as refunds
    from orders o ${which}`);
  return rows.map((row) => {
    const tree = Tree.parse(row);
    const attempts = tree.attempts.map(attemptFromJson);
    return {
      ...rowFromJson(orders, tree.order),
      lines: tree.lines.map((line) => rowFromJson(orderLines, line)),
      fulfilments: tree.fulfilments.map((parcel) => rowFromJson(fulfilments, parcel)),
      attempts,
      attempt: attempts.at(-1),
      refunds: tree.refunds.map(refundFromJson),
    };
  });
}
