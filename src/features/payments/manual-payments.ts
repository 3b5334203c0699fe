import { and, eq, ne, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
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
 * Notes that the money of a manual payment has arrived, once. The version tells whoever is cancelling the payment.
 * @returns false when the payment was cancelled first.
 */
export async function markReceived(context: Context, attemptId: string): Promise<boolean> {
  const marked = await context.databases.primary
    .update(paymentAttempts)
    .set({ receivedAt: sql`coalesce(received_at, now())`, version: sql`version + 1` })
    .where(and(eq(paymentAttempts.id, attemptId), ne(paymentAttempts.status, "cancelled")))
    .returning({ id: paymentAttempts.id });
  return marked.length > 0;
}
