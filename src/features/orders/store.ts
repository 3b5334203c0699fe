import { and, asc, desc, eq, inArray, lt, not, or, sql } from "drizzle-orm";
import { newId } from "#core/ids";
import { actorOf } from "#core/principal";
import type { OrderEventType } from "#events/catalogue";
import { hasOpenAttempt, selectAttempts } from "#features/payments/attempts";
import { selectRefunds } from "#features/payments/refund-store";
import type { Context } from "#platform/context";
import type { Order } from "./load-order.ts";
import type { OrderStatus } from "./rules.ts";
import { fulfilments, orderEvents, orderLines, orders } from "./tables.ts";

export type OrderRow = typeof orders.$inferSelect;
export type OrderLineRow = typeof orderLines.$inferSelect;
export type FulfilmentRow = typeof fulfilments.$inferSelect;

/** Fills rows of a list with what belongs to them. */
export async function completeOrders(context: Context, rows: readonly OrderRow[]): Promise<Order[]> {
  if (rows.length === 0) return [];
  const { primary } = context.databases;
  const ids = rows.map((row) => row.id);
  const [lines, parcels, attempts, refunds] = await primary.batch([
    primary
      .select()
      .from(orderLines)
      .where(inArray(orderLines.orderId, ids))
      .orderBy(asc(orderLines.position)),
    primary.select().from(fulfilments).where(inArray(fulfilments.orderId, ids)).orderBy(asc(fulfilments.id)),
    selectAttempts(context, ids),
    selectRefunds(context, ids),
  ]);
  return rows.map((row) => {
    const ofOrder = attempts.filter((attempt) => attempt.orderId === row.id);
    return {
      ...row,
      lines: lines.filter((line) => line.orderId === row.id),
      fulfilments: parcels.filter((parcel) => parcel.orderId === row.id),
      attempts: ofOrder,
      attempt: ofOrder.at(-1),
      refunds: refunds.filter((refund) => refund.orderId === row.id),
    };
  });
}

type HistoryEntry = { sequence: number; type: OrderEventType; data: Record<string, unknown> };

export function insertHistory(context: Context, orderId: string, entry: HistoryEntry) {
  const now = context.now();
  return context.databases.primary.insert(orderEvents).values({
    orderId,
    ...entry,
    id: newId("orderEvent", now),
    actor: actorOf(context.principal),
    at: new Date(now),
  });
}

export function selectHistory(context: Context, orderId: string) {
  return context.databases.primary
    .select()
    .from(orderEvents)
    .where(eq(orderEvents.orderId, orderId))
    .orderBy(asc(orderEvents.sequence));
}

/** A page of orders, newest first: keyset by creation and id, which are in the same order. */
export function selectOrders(
  context: Context,
  filter: { userId?: string; status?: OrderStatus; beforeId?: string; rowsMax: number },
) {
  return context.databases.primary
    .select()
    .from(orders)
    .where(
      and(
        filter.userId === undefined ? undefined : eq(orders.userId, filter.userId),
        filter.status === undefined ? undefined : eq(orders.status, filter.status),
        filter.beforeId === undefined ? undefined : sql`${orders.id} < ${filter.beforeId}`,
      ),
    )
    .orderBy(desc(orders.id))
    .limit(filter.rowsMax);
}

/** A parcel that was packed just now. */
export function newFulfilment(
  packed: Pick<FulfilmentRow, "id" | "orderId" | "lines">,
  at: Date,
): FulfilmentRow {
  return {
    ...packed,
    status: "open",
    carrier: null,
    trackingNumber: null,
    trackingUrl: null,
    shippedAt: null,
    deliveredAt: null,
    createdAt: at,
    updatedAt: at,
  };
}

export function insertFulfilment(context: Context, fulfilment: FulfilmentRow) {
  return context.databases.primary.insert(fulfilments).values(fulfilment);
}

/** Stores a parcel as it is now, guarded by the status that was read. */
export function changeFulfilment(
  context: Context,
  parcel: FulfilmentRow,
  readStatus: FulfilmentRow["status"],
) {
  const timestamp = (date: Date | null) => date?.toISOString() ?? null;
  return context.databases.primary.execute(sql`
    with changed as (
      update fulfilments set status = ${parcel.status}, updated_at = ${timestamp(parcel.updatedAt)},
        carrier = ${parcel.carrier}, tracking_number = ${parcel.trackingNumber},
        tracking_url = ${parcel.trackingUrl}, shipped_at = ${timestamp(parcel.shippedAt)},
        delivered_at = ${timestamp(parcel.deliveredAt)}
      where id = ${parcel.id} and status = ${readStatus} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/**
 * Orders that wait for a payment although their time is over, oldest first. While the outcome of an open payment is
 * unknown nothing expires: the payments' own sweep finds it out first.
 */
export function selectOverdueOrders(context: Context, rowsMax: number) {
  return context.databases.primary
    .select({ id: orders.id })
    .from(orders)
    .where(
      and(
        or(
          eq(orders.status, "pending_payment"),
          and(eq(orders.status, "payment_unknown"), not(hasOpenAttempt(context, orders.id))),
        ),
        lt(orders.holdExpiresAt, sql`now()`),
      ),
    )
    .orderBy(asc(orders.holdExpiresAt))
    .limit(rowsMax);
}
