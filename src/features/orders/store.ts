import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import { newId } from "#core/ids";
import { actorOf } from "#core/principal";
import type { OrderEventType } from "#events/catalogue";
import { latestAttempts } from "#features/payments/attempts";
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
    latestAttempts(context, ids),
    selectRefunds(context, ids),
  ]);
  return rows.map((row) => ({
    ...row,
    lines: lines.filter((line) => line.orderId === row.id),
    fulfilments: parcels.filter((parcel) => parcel.orderId === row.id),
    attempt: attempts.find((attempt) => attempt.orderId === row.id),
    refunds: refunds.filter((refund) => refund.orderId === row.id),
  }));
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

export function insertFulfilment(
  context: Context,
  fulfilment: Pick<FulfilmentRow, "id" | "orderId" | "lines">,
) {
  return context.databases.primary.insert(fulfilments).values({ ...fulfilment, status: "open" });
}

export type ParcelChange = { id: string } & (
  | { from: "open"; to: "shipped"; carrier: string; trackingNumber: string; trackingUrl: string | null }
  | { from: "shipped"; to: "delivered" }
);

/** Moves a parcel, guarded by the status that was read. */
export function changeFulfilment(context: Context, change: ParcelChange) {
  const facts =
    change.to === "shipped"
      ? sql`shipped_at = now(), carrier = ${change.carrier}, tracking_number = ${change.trackingNumber},
          tracking_url = ${change.trackingUrl}`
      : sql`delivered_at = now()`;
  return context.databases.primary.execute(sql`
    with changed as (
      update fulfilments set status = ${change.to}, updated_at = now(), ${facts}
      where id = ${change.id} and status = ${change.from} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Orders that wait for a payment although their time is over, oldest first. */
export function selectOverdueOrders(context: Context, rowsMax: number) {
  return context.databases.primary
    .select({ id: orders.id })
    .from(orders)
    .where(
      and(
        inArray(orders.status, ["pending_payment", "payment_unknown"]),
        lt(orders.holdExpiresAt, sql`now()`),
      ),
    )
    .orderBy(asc(orders.holdExpiresAt))
    .limit(rowsMax);
}
