import { and, asc, desc, eq, gt, lt, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import { livesHere, orderHomes, ordersAt, readMerged } from "#platform/order-homes";
import type { ReturnStatus } from "./rules.ts";
import { returns } from "./tables.ts";

export type ReturnRow = typeof returns.$inferSelect;

export async function findReturn(context: Context, id: string): Promise<ReturnRow | undefined> {
  const [row] = await ordersAt(context, id).select().from(returns).where(eq(returns.id, id));
  return row;
}

/** The returns of an order, oldest first. Read the order before: its version guards what is decided on them. */
export async function selectReturnsOf(context: Context, orderId: string): Promise<ReturnRow[]> {
  return ordersAt(context, orderId)
    .select()
    .from(returns)
    .where(eq(returns.orderId, orderId))
    .orderBy(asc(returns.id));
}

/** Returns beyond a position, newest first: ids are in the order of time. */
export async function selectReturns(
  context: Context,
  status: ReturnStatus | undefined,
  { direction, from, rowsMax }: Travel,
): Promise<ReturnRow[]> {
  const [id] = from ?? [];
  const beyond = direction === "after" ? lt : gt;
  return readMerged(orderHomes(context), { rowsMax, direction }, (database) =>
    database
      .select()
      .from(returns)
      .where(
        and(
          status === undefined ? undefined : eq(returns.status, status),
          id === undefined ? undefined : beyond(returns.id, id),
          livesHere(context, returns.orderId),
        ),
      )
      .orderBy(direction === "after" ? desc(returns.id) : asc(returns.id))
      .limit(rowsMax),
  );
}

export function insertReturn(context: Context, row: ReturnRow) {
  return ordersAt(context, row.orderId).insert(returns).values(row);
}

/** Stores a return as it is now, guarded by the version that was read. */
export function changeReturn(context: Context, row: ReturnRow) {
  return ordersAt(context, row.orderId).execute(sql`
    with changed as (
      update returns set status = ${row.status}, decision_note = ${row.decisionNote},
        receipts = ${JSON.stringify(row.receipts)}::jsonb, version = ${row.version},
        updated_at = ${row.updatedAt.toISOString()}
      where id = ${row.id} and version = ${row.version - 1} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}
