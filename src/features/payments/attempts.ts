import { asc, desc, eq, inArray } from "drizzle-orm";
import type { Context } from "#platform/context";
import { paymentAttempts } from "./tables.ts";

export type PaymentAttempt = typeof paymentAttempts.$inferSelect;

/** The statement that reads the newest attempt of each order, from the primary. */
export function latestAttempts(context: Context, orderIds: readonly string[]) {
  return context.databases.primary
    .selectDistinctOn([paymentAttempts.orderId])
    .from(paymentAttempts)
    .where(inArray(paymentAttempts.orderId, [...orderIds]))
    .orderBy(asc(paymentAttempts.orderId), desc(paymentAttempts.id));
}

export async function readAttempt(context: Context, attemptId: string): Promise<PaymentAttempt | undefined> {
  const [attempt] = await context.databases.primary
    .select()
    .from(paymentAttempts)
    .where(eq(paymentAttempts.id, attemptId));
  return attempt;
}
