import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { rowFromJson } from "#platform/json-rows";
import { ordersAt, takeFromEveryHome } from "#platform/order-homes";
import { refunds } from "./refund-tables.ts";
import { nextCheck } from "./store.ts";

export type RefundRow = typeof refunds.$inferSelect;
export type NewRefund = Omit<typeof refunds.$inferInsert, "status" | "version" | "createdAt" | "updatedAt">;

export function insertRefund(context: Context, refund: NewRefund) {
  return ordersAt(context, refund.orderId)
    .insert(refunds)
    .values({ ...refund, status: "pending" });
}

/** A refund that the provider made on its own account: it is over when we hear of it. */
export function insertSettledRefund(context: Context, refund: NewRefund) {
  return ordersAt(context, refund.orderId)
    .insert(refunds)
    .values({ ...refund, status: "succeeded" });
}

/** A refund that was read as JSON, together with its order. */
export function refundFromJson(json: unknown): RefundRow {
  return rowFromJson(refunds, json);
}

export async function findRefund(context: Context, refundId: string): Promise<RefundRow | undefined> {
  const [refund] = await ordersAt(context, refundId).select().from(refunds).where(eq(refunds.id, refundId));
  return refund;
}

export async function findRefundByRequest(
  context: Context,
  orderId: string,
  request: { scope: string; key: string },
): Promise<RefundRow | undefined> {
  const [refund] = await ordersAt(context, orderId)
    .select()
    .from(refunds)
    .where(and(eq(refunds.requestScope, request.scope), eq(refunds.requestKey, request.key)));
  return refund;
}

export type RefundOutcome = {
  status: "pending" | "succeeded" | "failed";
  reference: string;
  failureCode?: string;
};

/** Moves a refund that is still pending, guarded by the version that was read. */
export function changeRefund(context: Context, refund: RefundRow, outcome: RefundOutcome) {
  return ordersAt(context, refund.orderId).execute(sql`
    with changed as (
      update refunds set status = ${outcome.status}, provider_reference = nullif(${outcome.reference}, ''),
        failure_code = ${outcome.failureCode ?? null}, version = version + 1, updated_at = now()
      where id = ${refund.id} and version = ${refund.version} and status = 'pending' returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Takes pending refunds whose check is due and puts their next check off. */
export async function takeDueRefunds(context: Context, rowsMax: number): Promise<RefundRow[]> {
  return takeFromEveryHome(context, (database) => {
    const due = database
      .select({ id: refunds.id })
      .from(refunds)
      .where(and(eq(refunds.status, "pending"), lt(refunds.nextCheckAt, sql`now()`)))
      .orderBy(refunds.nextCheckAt)
      .limit(rowsMax)
      .for("update", { skipLocked: true });
    return database
      .update(refunds)
      .set({ nextCheckAt: nextCheck(refunds.createdAt) })
      .where(inArray(refunds.id, due))
      .returning();
  });
}
