import type { PaymentHint, RecordPage, RecordedPayment } from "#core/payment-records";
import type { EpochMs } from "#core/time";

/** One of the lists in which a provider keeps what happened. */
export type RecordList = {
  readonly name: string;
  /** So much of what was read is read again, for records that the provider wrote late. */
  readonly overlapMs: number;
  /** The longest time that one question may be about. */
  readonly windowMsMax: number;
};

export type RecordQuestion = {
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Where to go on, as the page before said. */
  readonly cursor: string | undefined;
};

/**
 * A provider's own records, which are read and never changed.
 * Faults: AppError dependency_unavailable or payment_outcome_unknown.
 */
export type PaymentRecords = {
  readonly lists: readonly RecordList[];
  readonly list: (name: string, question: RecordQuestion) => Promise<RecordPage>;
  /** All that is known of one payment now; undefined when the provider knows no such payment. */
  readonly read: (reference: string) => Promise<RecordedPayment | undefined>;
  /** The payment that a record belongs to, where it does not say so itself. */
  readonly find: (hint: PaymentHint) => Promise<string | undefined>;
};
