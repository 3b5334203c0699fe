import { and, eq, ne, sql } from "drizzle-orm";
import type { PaymentFacts } from "#core/payment-facts";
import type { Context } from "#platform/context";
import type { PaymentGateway } from "#providers/payment-gateway";
import { paymentAttempts } from "./tables.ts";

/**
 * Bank transfer and cash on delivery as a gateway. The buyer's promise counts as the authorisation, so that stock is
 * committed at once; the money counts as captured when staff have received it. Refunds are paid out by staff.
 */
export function manualPayments(context: Context): PaymentGateway {
  const read = async (reference: string): Promise<PaymentFacts> => {
    const [attempt] = await context.databases.primary
      .select()
      .from(paymentAttempts)
      .where(eq(paymentAttempts.id, reference));
    if (attempt === undefined) throw new Error(`there is no manual payment ${reference}`);
    const { id, orderId, amount, currency, receivedAt, status } = attempt;
    const open = status === "cancelled" ? ("cancelled" as const) : ("authorised" as const);
    return {
      reference: id,
      orderId,
      attemptId: id,
      amount,
      currency,
      state: receivedAt === null ? open : "captured",
      capturedAmount: receivedAt === null ? 0 : amount,
      refundedAmount: 0,
      failureCode: undefined,
    };
  };
  return {
    authorise: async ({ attemptId }) => ({ facts: await read(attemptId) }),
    read: async (reference) => ({ facts: await read(reference) }),
    capture: (_attemptId, reference) => read(reference),
    cancel: async (_attemptId, reference) => {
      const facts = await read(reference);
      return facts.state === "authorised" ? { ...facts, state: "cancelled" } : facts;
    },
    refund: ({ refundId, amount }) =>
      Promise.resolve({ reference: refundId, state: "succeeded", amount, failureCode: undefined }),
  };
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
