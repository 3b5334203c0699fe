import type { PaymentClaims } from "#core/payment-claims";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";

/** A payment that the provider is to authorise. Amounts in minor units. */
export type PaymentRequest = {
  readonly attemptId: string;
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  /** PayPal: where the buyer comes back to after approving, and after not approving. */
  readonly returnUrl?: string;
  readonly cancelUrl?: string;
};

/** What the buyer's side needs to pay. */
export type PaymentHandover = {
  readonly facts: PaymentFacts;
  /** Stripe: confirms the payment together with the publishable key. */
  readonly clientSecret?: string;
  /** PayPal: where the buyer approves. */
  readonly approveUrl?: string;
};

/** Whose money it is, and whether it is money at all: undefined where that cannot be known. */
export type PaymentParty = {
  readonly mode: PaymentClaims["mode"] | undefined;
  readonly account: PaymentClaims["account"];
};

/**
 * A provider that authorises first and captures later. Every write carries a key derived from the attempt, so that its
 * repetition has no second effect.
 * Faults: AppError dependency_unavailable or payment_outcome_unknown; refusals come back as facts.
 */
export type PaymentGateway = {
  /** The account and mode that everything the provider tells must be of; none where nobody outside tells anything. */
  readonly party?: PaymentParty;
  readonly authorise: (request: PaymentRequest) => Promise<PaymentHandover>;
  readonly read: (reference: string) => Promise<PaymentHandover>;
  /** Reserves the money after the buyer approved, where that is a step of its own. A decline comes back as facts. */
  readonly completeAuthorisation?: (reference: string) => Promise<PaymentHandover>;
  readonly capture: (attemptId: string, reference: string) => Promise<PaymentFacts>;
  /** Gives an authorisation back, or ends a payment that the buyer has not finished. */
  readonly cancel: (attemptId: string, reference: string) => Promise<PaymentFacts>;
  /** The payment that a capture belongs to, where events name captures only. */
  readonly referenceOfCapture?: (captureId: string) => Promise<string | undefined>;
  /** Gives captured money back. Repeating it for one refund has no second effect, whenever that happens. */
  readonly refund: (refund: RefundRequest) => Promise<RefundFacts>;
};

export type RefundRequest = {
  readonly refundId: string;
  /** The provider's id of the payment. */
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
};
