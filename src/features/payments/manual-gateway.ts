import type { PaymentFacts } from "#core/payment-facts";
import type { PaymentGateway } from "#providers/payment-gateway";
import type { AttemptStatus } from "./rules.ts";

/** A manual payment as it is stored; nobody else knows of it. */
type ManualAttempt = {
  readonly id: string;
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: AttemptStatus;
  /** When staff confirmed that the money is there. */
  readonly receivedAt: Date | null;
};

/**
 * Bank transfer and cash on delivery as a gateway over the stored attempts. The buyer's promise counts as the
 * authorisation, so that stock is committed at once; the money counts as captured when staff have received it. Refunds
 * are paid out by staff.
 */
export function manualGateway(find: (attemptId: string) => Promise<ManualAttempt>): PaymentGateway {
  const read = async (reference: string) => manualFacts(await find(reference));
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

/** What a manual payment is as far as we know; what went back of it only the books tell. */
export function manualFacts(attempt: ManualAttempt): PaymentFacts {
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
}
