import type { Contradiction } from "./payment-claims.ts";

/** Providers that can be paid through. */
export const paymentProviders = ["stripe", "paypal", "manual"] as const;
export type PaymentProvider = (typeof paymentProviders)[number];

/** Providers outside; manual payments are confirmed by staff. */
export type OutsideProvider = Exclude<PaymentProvider, "manual">;

/** What a provider says of a payment now, in the words of this shop. Amounts in minor units. */
export type PaymentFacts = {
  readonly reference: string;
  /** Approved: the buyer has agreed, and the money is reserved only when we ask for it (PayPal). */
  readonly state: "pending" | "requires_action" | "approved" | "authorised" | "captured" | "cancelled";
  readonly amount: number;
  readonly capturedAmount: number;
  /** What went back to the buyer, through whomever. */
  readonly refundedAmount: number;
  readonly currency: string;
  /** What we told the provider when the payment was created. */
  readonly orderId: string | undefined;
  readonly attemptId: string | undefined;
  /** The provider's reason for the last declined try. */
  readonly failureCode: string | undefined;
  /** Where the provider tells of another account or mode than ours. */
  readonly foreign?: readonly Contradiction[];
};

/** What a provider says of one refund. */
export type RefundFacts = {
  readonly reference: string;
  readonly state: "pending" | "succeeded" | "failed";
  readonly amount: number;
  readonly failureCode: string | undefined;
};

/** What a provider says of a disputed payment. Amount in minor units. */
export type DisputeFacts = {
  readonly reference: string;
  readonly status: "open" | "won" | "lost";
  readonly amount: number;
  readonly currency: string;
  readonly reason: string;
};
