import { type Column, and, asc, eq, exists, inArray } from "drizzle-orm";
import type { Context } from "#platform/context";
import { openAttemptStatuses } from "./rules.ts";
import { paymentAttempts } from "./tables.ts";

export type PaymentAttempt = typeof paymentAttempts.$inferSelect;

/** The statement that reads the attempts of these orders, oldest first, from the primary. */
export function selectAttempts(context: Context, orderIds: readonly string[]) {
  return context.databases.primary
    .select()
    .from(paymentAttempts)
    .where(inArray(paymentAttempts.orderId, [...orderIds]))
    .orderBy(asc(paymentAttempts.id));
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
