import { type SQL, and, asc, eq, lt, not, or, sql } from "drizzle-orm";
import { newId } from "#core/ids";
import { actorOf } from "#core/principal";
import type { OrderEventType } from "#events/catalogue";
import { hasOpenAttempt } from "#features/payments/attempts";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { livesHere, orderHomes, ordersAt, readMerged, takeFromEveryHome } from "#platform/order-homes";
import { homesOfCustomer } from "./customer-homes.ts";
import { type Order, ordersQuery, selectOrders } from "./load-order.ts";
import { orderTables } from "./places.ts";
import type { OrderStatus } from "./rules.ts";
import { archivedOrderEvents, fulfilments, orderEvents, type orderLines, orders } from "./tables.ts";

export type OrderRow = typeof orders.$inferSelect;
export type OrderLineRow = typeof orderLines.$inferSelect;
export type FulfilmentRow = typeof fulfilments.$inferSelect;

type HistoryEntry = { sequence: number; type: OrderEventType; data: Record<string, unknown> };

export function insertHistory(context: Context, orderId: string, entry: HistoryEntry) {
  const now = context.now();
  return ordersAt(context, orderId)
    .insert(orderEvents)
    .values({
      orderId,
      ...entry,
      id: newId("orderEvent", now),
      actor: actorOf(context.principal),
      at: new Date(now),
    });
}

export function selectHistory(context: Context, { id, archived }: Pick<Order, "id" | "archived">) {
  const table = archived ? archivedOrderEvents : orderEvents;
  return ordersAt(context, id).select().from(table).where(eq(table.orderId, id)).orderBy(asc(table.sequence));
}

export type OrdersFilter = {
  userId?: string;
  guestEmail?: string;
  status?: OrderStatus;
  beforeId?: string;
  from: "hot" | "everywhere";
  rowsMax: number;
};

/** A page of orders, newest first: keyset by the id, which is in the order of creation. */
export async function selectPageOfOrders(context: Context, filter: OrdersFilter): Promise<Order[]> {
  const { userId, rowsMax } = filter;
  const homes = userId === undefined ? orderHomes(context) : await homesOfCustomer(context, userId);
  const query = pageQuery(filter, livesHere(context, sql`o.id`));
  return readMerged(homes, { rowsMax }, (database) => selectOrders(database, query));
}

export function pageQuery(filter: OrdersFilter, isHere: SQL): SQL {
  const { userId, guestEmail, status, beforeId, from, rowsMax } = filter;
  return ordersQuery(
    orderTables[from],
    sql`where ${userId === undefined ? sql`true` : sql`o.user_id = ${userId}`}
      and ${guestEmail === undefined ? sql`true` : sql`o.user_id is null and lower(o.email) = lower(${guestEmail})`}
      and ${status === undefined ? sql`true` : sql`o.status = ${status}`}
      and ${beforeId === undefined ? sql`true` : sql`o.id < ${beforeId}`}
      and ${isHere}
      order by o.id desc limit ${rowsMax}`,
  );
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
  return ordersAt(context, fulfilment.orderId).insert(fulfilments).values(fulfilment);
}

/** Stores a parcel as it is now, guarded by the status that was read. */
export function changeFulfilment(
  context: Context,
  parcel: FulfilmentRow,
  readStatus: FulfilmentRow["status"],
) {
  const timestamp = (date: Date | null) => date?.toISOString() ?? null;
  return ordersAt(context, parcel.orderId).execute(sql`
    with changed as (
      update fulfilments set status = ${parcel.status}, updated_at = ${timestamp(parcel.updatedAt)},
        carrier = ${parcel.carrier}, tracking_number = ${parcel.trackingNumber},
        tracking_url = ${parcel.trackingUrl}, shipped_at = ${timestamp(parcel.shippedAt)},
        delivered_at = ${timestamp(parcel.deliveredAt)}
      where order_id = ${parcel.orderId} and id = ${parcel.id} and status = ${readStatus} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/**
 * Orders that wait for a payment although their time is over, oldest first. While the outcome of an open payment is
 * unknown nothing expires: the payments' own sweep finds it out first.
 */
export function selectOverdueOrders(context: Context, rowsMax: number) {
  return takeFromEveryHome(context, (database) =>
    overdueQuery(database, livesHere(context, orders.id)).limit(rowsMax),
  );
}

export function overdueQuery(database: Database, isHere: SQL) {
  const isWaiting = or(
    eq(orders.status, "pending_payment"),
    and(eq(orders.status, "payment_unknown"), not(hasOpenAttempt(database, orders.id))),
  );
  return database
    .select({ id: orders.id })
    .from(orders)
    .where(and(isWaiting, lt(orders.holdExpiresAt, sql`now()`), isHere))
    .orderBy(asc(orders.holdExpiresAt));
}
