import { type Column, and, eq, exists, inArray } from "drizzle-orm";
import type { Context } from "#platform/context";
import { rowFromJson } from "#platform/json-rows";
import { openAttemptStatuses } from "./rules.ts";
import { paymentAttempts } from "./tables.ts";

export type PaymentAttempt = typeof paymentAttempts.$inferSelect;

/** An attempt that was read as JSON, together with its order. */
export function attemptFromJson(json: unknown): PaymentAttempt {
  return rowFromJson(paymentAttempts, json);
}

export async function readAttempt(context: Context, attemptId: string): Promise<PaymentAttempt | undefined> {
  const [attempt] = await context.databases.primary
    .select()
    .from(paymentAttempts)
    .where(eq(paymentAttempts.id, attemptId));
  return attempt;
}

/** Whether the order in this column has a payment of which the provider may still have news. */
export function hasOpenAttempt(context: Context, orderId: Column) {
  return exists(
    context.databases.primary
      .select({ id: paymentAttempts.id })
      .from(paymentAttempts)
      .where(
        and(eq(paymentAttempts.orderId, orderId), inArray(paymentAttempts.status, [...openAttemptStatuses])),
      ),
  );
}
