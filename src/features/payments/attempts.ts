import { type Column, and, eq, exists, inArray } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { rowFromJson } from "#platform/json-rows";
import { ordersAt } from "#platform/order-homes";
import { openAttemptStatuses } from "./rules.ts";
import { paymentAttempts } from "./tables.ts";

export type PaymentAttempt = typeof paymentAttempts.$inferSelect;

/** An attempt that was read as JSON, together with its order. */
export function attemptFromJson(json: unknown): PaymentAttempt {
  return rowFromJson(paymentAttempts, json);
}

export async function readAttempt(context: Context, attemptId: string): Promise<PaymentAttempt | undefined> {
  const [attempt] = await ordersAt(context, attemptId)
    .select()
    .from(paymentAttempts)
    .where(eq(paymentAttempts.id, attemptId));
  return attempt;
}

/** Whether the order in this column has a payment of which the provider may still have news. */
export function hasOpenAttempt(database: Database, orderId: Column) {
  return exists(
    database
      .select({ id: paymentAttempts.id })
      .from(paymentAttempts)
      .where(
        and(eq(paymentAttempts.orderId, orderId), inArray(paymentAttempts.status, [...openAttemptStatuses])),
      ),
  );
}
