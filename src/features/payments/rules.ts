import type { PaymentFacts } from "#core/payment-facts";
import { type OrderStatus, hasEnded, isPayable } from "#features/orders/rules";

export const attemptStatuses = [
  "creating",
  "pending",
  "requires_action",
  "authorised",
  "captured",
  "cancelled",
  "failed",
  "unknown",
] as const;
export type AttemptStatus = (typeof attemptStatuses)[number];

/** Attempts of which the provider may still have news. */
export const openAttemptStatuses = [
  "creating",
  "pending",
  "requires_action",
  "authorised",
  "unknown",
] as const;

/** What the fold looks at besides the facts. */
export type PaymentSituation = {
  readonly order: {
    readonly id: string;
    readonly status: OrderStatus;
    readonly total: number;
    readonly currency: string;
    /** What our own books say was given back. */
    readonly refunded: number;
    /** Whether a refund is under way, whose outcome is not booked yet. */
    readonly refundPending: boolean;
  };
  readonly attempt: {
    readonly id: string;
    readonly status: AttemptStatus;
    readonly failureCode: string | null;
  };
};

/** The next thing to do for a payment. Each is safe to repeat, and after each the situation is read anew. */
export type PaymentStep =
  /** Nothing: everything is where it should be, or the buyer must act. */
  | { do: "rest" }
  /** The facts contradict the order: a person must look, nothing is fulfilled. */
  | { do: "park"; reason: "amount_mismatch" | "identity_mismatch" }
  /** The buyer has approved: ask the provider to reserve the money. */
  | { do: "complete_authorisation" }
  | { do: "record_authorised" }
  /** Commit the stock of every SKU; then capture if the money is not captured yet; then record the order as paid. */
  | { do: "commit_and_capture" }
  /** The order has ended: give the authorisation back, or end a payment that was opened while the order ended. */
  | { do: "void" }
  /** The authorisation ended before the money was taken: the order is cancelled. */
  | { do: "record_voided" }
  /** Money came for an order that had ended: it goes back, once. */
  | { do: "refund_surplus"; amount: number }
  /** Somebody gave money back at the provider's own dashboard: our books follow. */
  | { do: "record_provider_refund"; amount: number }
  | { do: "record_attempt"; status: AttemptStatus; failureCode: string | undefined; declined: boolean };

/**
 * The fold over a payment's facts: from what the provider says now and where the order stands to the next step.
 * Pure; late, repeated and reordered notifications all lead here and find the same answer.
 */
export function nextPaymentStep({ order, attempt }: PaymentSituation, facts: PaymentFacts): PaymentStep {
  if (facts.orderId !== order.id || facts.attemptId !== attempt.id) return park(order, "identity_mismatch");
  if (facts.amount !== order.total || facts.currency !== order.currency)
    return park(order, "amount_mismatch");
  switch (facts.state) {
    case "authorised":
      if (isPayable(order.status)) return { do: "record_authorised" };
      if (order.status === "authorised") return { do: "commit_and_capture" };
      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };
    case "captured":
      if (facts.capturedAmount !== order.total) return park(order, "amount_mismatch");
      if (isPayable(order.status)) return { do: "record_authorised" };
      if (order.status === "authorised") return { do: "commit_and_capture" };
      return afterCapture({ order, attempt }, facts);
    case "cancelled":
      return order.status === "authorised"
        ? { do: "record_voided" }
        : recordAttempt(attempt, facts.state, facts.failureCode);
    case "approved":
      if (isPayable(order.status)) return { do: "complete_authorisation" };
      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };
    case "pending":
    case "requires_action":
      return hasEnded(order.status) ? { do: "void" } : recordAttempt(attempt, facts.state, facts.failureCode);
  }
}

/** Once the money is there, earlier refusals are no news. */
function afterCapture({ order, attempt }: PaymentSituation, facts: PaymentFacts): PaymentStep {
  const unbooked = facts.refundedAmount - order.refunded;
  if (order.refundPending) return { do: "rest" };
  if (unbooked > 0) return { do: "record_provider_refund", amount: unbooked };
  const kept = facts.capturedAmount - facts.refundedAmount;
  if (hasEnded(order.status) && kept > 0) return { do: "refund_surplus", amount: kept };
  return order.status === "payment_review" ? { do: "rest" } : recordAttempt(attempt, "captured", undefined);
}

/** A contradiction stops an order that is not paid yet; of a paid one it is no payment, and changes nothing. */
function park(
  order: PaymentSituation["order"],
  reason: "amount_mismatch" | "identity_mismatch",
): PaymentStep {
  const stoppable = isPayable(order.status) || order.status === "authorised";
  return stoppable ? { do: "park", reason } : { do: "rest" };
}

function recordAttempt(
  attempt: PaymentSituation["attempt"],
  status: AttemptStatus,
  failureCode: string | undefined,
): PaymentStep {
  const declined = failureCode !== undefined && failureCode !== attempt.failureCode;
  if (attempt.status === status && !declined) return { do: "rest" };
  return { do: "record_attempt", status, failureCode, declined };
}
