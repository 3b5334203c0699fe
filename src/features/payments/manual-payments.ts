import { and, eq, ne, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { ordersAt } from "#platform/order-homes";
import type { PaymentGateway } from "#providers/payment-gateway";
import { readAttempt } from "./attempts.ts";
import { manualGateway } from "./manual-gateway.ts";
import { paymentAttempts } from "./tables.ts";

/** The gateway of bank transfers and cash on delivery. */
export function manualPayments(context: Context): PaymentGateway {
  return manualGateway(async (attemptId) => {
    const attempt = await readAttempt(context, attemptId);
    if (attempt === undefined) throw new Error(`there is no manual payment ${attemptId}`);
    return attempt;
  });
}

/**
 * The statement that notes that the money of an order's newest payment has arrived, once, if that is a manual one and has
 * not been cancelled. The version tells whoever is cancelling the payment.
 */
export function markReceived(context: Context, orderId: string) {
  const newest = sql`(select max(id) from payment_attempts where order_id = ${orderId})`;
  return ordersAt(context, orderId)
    .update(paymentAttempts)
    .set({ receivedAt: sql`coalesce(received_at, now())`, version: sql`version + 1` })
    .where(
      and(
        eq(paymentAttempts.id, newest),
        eq(paymentAttempts.provider, "manual"),
        ne(paymentAttempts.status, "cancelled"),
      ),
    );
}
