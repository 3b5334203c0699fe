import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type PaymentAttempt, attemptFromJson } from "#features/payments/attempts";
import { type RefundRow, refundFromJson } from "#features/payments/refund-store";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { rowFromJson } from "#platform/json-rows";
import { ordersAt } from "#platform/order-homes";
import { bringBackOrder } from "./bring-back.ts";
import { type OrderTables, orderTables } from "./places.ts";
import type { FulfilmentRow, OrderLineRow, OrderRow } from "./store.ts";
import { fulfilments, orderLines, orders } from "./tables.ts";

/** An order with all that belongs to it, as the primary has it. */
export type Order = OrderRow & {
  /** Its month was archived: it can be read, and nothing more happens to it. */
  readonly archived: boolean;
  readonly lines: readonly OrderLineRow[];
  readonly fulfilments: readonly FulfilmentRow[];
  /** Oldest first. */
  readonly attempts: readonly PaymentAttempt[];
  /** The newest payment attempt; earlier ones were superseded by it. */
  readonly attempt: PaymentAttempt | undefined;
  readonly refunds: readonly RefundRow[];
};

/**
 * Reads one order from the primary, to go on with it. Whether the asker may see it is the caller's question. If its month
 * was archived, it is brought back: something moves of an order that was believed to be at rest.
 */
export async function loadOrder(context: Context, orderId: string): Promise<Order | undefined> {
  const order = orderIn(await orderStatement(context, orderId));
  if (order !== undefined || !(await bringBackOrder(context, orderId))) return order;
  return orderIn(await orderStatement(context, orderId));
}

/**
 * Reads one order for somebody, wherever it is.
 * @param owner whose it must be; anybody's when undefined.
 */
export async function findOrder(context: Context, orderId: string, owner?: string) {
  const order = orderIn(await orderStatement(context, orderId, owner));
  if (order !== undefined) return order;
  const isTheirs = owner === undefined ? sql`true` : sql`o.user_id = ${owner}`;
  const [archived] = await selectOrders(
    ordersAt(context, orderId),
    ordersQuery(orderTables.archive, sql`where o.id = ${orderId} and ${isTheirs}`),
  );
  return archived;
}

/**
 * The statement of {@link loadOrder} for a batch, which finds no archived order; {@link orderIn} makes the order of its
 * result.
 * @param owner whose it must be; anybody's when undefined.
 */
export function orderStatement(context: Context, orderId: string, owner?: string) {
  const isTheirs = owner === undefined ? sql`true` : sql`tree."order" ->> 'user_id' = ${owner}`;
  return ordersAt(context, orderId).execute(
    sql`select tree.* from order_tree(${orderId}) tree where ${isTheirs}`,
  );
}

const Result = z.object({ rows: z.array(z.unknown()) });

/** The order that {@link orderStatement} has found. */
export function orderIn(result: unknown): Order | undefined {
  return Result.parse(result).rows.map(orderOf).at(0);
}

/** Reads orders of a database with all that belongs to them. */
export async function selectOrders(database: Database, query: SQL): Promise<Order[]> {
  const { rows } = await database.execute(query);
  return rows.map(orderOf);
}

/**
 * Orders with all that belongs to them, as order_tree gives one. One statement, and so one snapshot: what hangs on an
 * order is never of another version than the order itself.
 * @param which the statement's end: which rows of `orders o`, in which order, how many.
 */
export function ordersQuery(tables: OrderTables, which: SQL): SQL {
  return sql`
    select to_jsonb(o) as "order", o.archived,
      (select coalesce(jsonb_agg(to_jsonb(line) order by line.position), '[]')
        from ${tables.lines} line where line.order_id = o.id) as lines,
      (select coalesce(jsonb_agg(to_jsonb(parcel) order by parcel.id), '[]')
        from ${tables.fulfilments} parcel where parcel.order_id = o.id) as fulfilments,
      (select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt.id), '[]')
        from payment_attempts attempt where attempt.order_id = o.id) as attempts,
      (select coalesce(jsonb_agg(to_jsonb(refund) order by refund.id), '[]')
        from refunds refund where refund.order_id = o.id) as refunds
    from ${tables.orders} o ${which}`;
}

const Tree = z.object({
  order: z.unknown(),
  archived: z.boolean(),
  lines: z.array(z.unknown()),
  fulfilments: z.array(z.unknown()),
  attempts: z.array(z.unknown()),
  refunds: z.array(z.unknown()),
});

function orderOf(row: unknown): Order {
  const tree = Tree.parse(row);
  const attempts = tree.attempts.map(attemptFromJson);
  return {
    ...rowFromJson(orders, tree.order),
    archived: tree.archived,
    lines: tree.lines.map((line) => rowFromJson(orderLines, line)),
    fulfilments: tree.fulfilments.map((parcel) => rowFromJson(fulfilments, parcel)),
    attempts,
    attempt: attempts.at(-1),
    refunds: tree.refunds.map(refundFromJson),
  };
}
