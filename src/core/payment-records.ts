import type { DisputeFacts, PaymentFacts } from "./payment-facts.ts";
import type { EpochMs } from "./time.ts";

/** Whether money is real. Providers that keep the two apart by address alone do not say. */
export type PaymentMode = "live" | "test";

/** What a provider says of a dispute now, and since when. */
export type RecordedDispute = DisputeFacts & { readonly reportedAt: EpochMs };

/** Everything that a provider keeps of a payment. */
export type RecordedPayment = {
  readonly facts: PaymentFacts;
  readonly mode: PaymentMode | undefined;
  readonly disputes: readonly RecordedDispute[];
};

/** By what a record names the payment that it belongs to; what it does not name is asked for. */
export type PaymentHint = {
  /** The provider's id of the payment. */
  readonly reference?: string | undefined;
  /** The provider's id of a capture of it. */
  readonly captureId?: string | undefined;
  /** The provider's id of a dispute of it. */
  readonly disputeId?: string | undefined;
  /** What we told the provider when the payment was created. */
  readonly attemptId?: string | undefined;
};

/** One entry of a provider's own lists. Amounts in minor units. */
export type ProviderRecord =
  | { readonly kind: "payment"; readonly payment: Omit<RecordedPayment, "disputes"> }
  | {
      readonly kind: "capture";
      readonly of: PaymentHint;
      readonly amount: number;
      readonly currency: string;
    }
  | {
      readonly kind: "refund";
      readonly of: PaymentHint;
      /** The provider's id of the refund. */
      readonly reference: string;
      readonly hasFailed: boolean;
    }
  | {
      readonly kind: "dispute";
      readonly of: PaymentHint;
      readonly reference: string;
      readonly isDecided: boolean;
    };

export type RecordPage = {
  readonly records: readonly ProviderRecord[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
};
