import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { PaymentMode, ProviderRecord, RecordedPayment } from "#core/payment-records";
import { type AttemptStatus, isOpen } from "#features/payments/rules";

/** Every way in which a provider's records and ours can differ. */
export const differenceKinds = [
  /** Money at the provider that names nothing of ours. */
  "foreign_payment",
  /** Money at the provider that names an attempt of ours, which is not there or has another payment. */
  "unknown_payment",
  /** The payment of an attempt whose reference we never stored. */
  "unlinked_payment",
  "missing_capture",
  "missing_refund",
  "missing_dispute",
  "dispute_differs",
  "state_differs",
  "amount_differs",
  "currency_differs",
  "identity_differs",
  /** Test money among real, or the other way round. */
  "mode_differs",
  /** What our books say that the provider does not. */
  "capture_missing_at_provider",
  "refund_missing_at_provider",
  "missing_at_provider",
  /** Our own tables contradict each other. */
  "books_differ",
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** What became of a difference. */
export const differenceStatuses = ["open", "mended", "vanished", "closed"] as const;

/** One difference. Amounts in minor units; null where it is none of amounts. */
export type Difference = {
  readonly kind: DifferenceKind;
  /** The provider's id of what differs: the payment's, or a dispute's. */
  readonly reference: string;
  readonly ours: number | null;
  readonly theirs: number | null;
  readonly currency: string | null;
};

/** A payment as our own rows tell it. Amounts in minor units. */
export type OurPayment = {
  readonly attempt: {
    readonly id: string;
    readonly orderId: string;
    readonly provider: PaymentProvider;
    readonly status: AttemptStatus;
    readonly reference: string | null;
    readonly amount: number;
    readonly currency: string;
    readonly capturedAmount: number;
  };
  /** The newest attempt pays the order. */
  readonly isNewest: boolean;
  /** What the order says was given back of its payment. */
  readonly orderRefunded: number;
  readonly refunds: readonly {
    readonly reference: string | null;
    readonly status: "pending" | "succeeded" | "failed";
    readonly amount: number;
  }[];
  readonly disputes: readonly {
    readonly reference: string;
    readonly status: "open" | "won" | "lost";
  }[];
  /** What the ledger says of this payment, and the sum of all of the order's postings. */
  readonly booked: { readonly captured: number; readonly refunded: number; readonly balance: number };
};

/** Whether our rows have what an entry of a provider's list says; otherwise the payment is looked at closely. */
export function isReflected(
  record: ProviderRecord,
  ours: OurPayment | undefined,
  mode: PaymentMode | undefined,
): boolean {
  switch (record.kind) {
    case "payment":
      if (ours === undefined) return !holdsMoney(record.payment.facts);
      return differencesOf({ ...record.payment, disputes: [] }, ours, mode).length === 0;
    case "capture":
      return ours?.booked.captured === record.amount && ours.attempt.currency === record.currency;
    case "refund": {
      const status = ours?.refunds.find(({ reference }) => reference === record.reference)?.status;
      return status === (record.hasFailed ? "failed" : "succeeded");
    }
    case "dispute": {
      const known = ours?.disputes.find(({ reference }) => reference === record.reference);
      return known !== undefined && (known.status !== "open") === record.isDecided;
    }
  }
}

/** Names a record as it is now: once its money moves on, it is another. */
export function fingerprintOf(record: ProviderRecord): string {
  switch (record.kind) {
    case "payment": {
      const { reference, state, amount, capturedAmount, refundedAmount } = record.payment.facts;
      return `payment ${reference} ${state} ${amount} ${capturedAmount} ${refundedAmount}`;
    }
    case "capture":
      return `capture ${record.of.captureId ?? record.of.reference} ${record.amount} ${record.currency}`;
    case "refund":
      return `refund ${record.reference} ${record.hasFailed ? "failed" : "given"}`;
    case "dispute":
      return `dispute ${record.reference} ${record.isDecided ? "decided" : "open"}`;
  }
}

/** Whether a payment that is not ours is worth a word: most are begun and never paid. */
export function holdsMoney({ state, capturedAmount }: PaymentFacts): boolean {
  return capturedAmount > 0 || state === "authorised" || state === "captured";
}

/**
 * What a provider's record and our rows contradict each other in. Pure: the same facts lead to the same differences,
 * however often and in whatever order they are compared.
 * @param mode whose money our key moves.
 */
export function differencesOf(
  theirs: RecordedPayment,
  ours: OurPayment,
  mode: PaymentMode | undefined,
): readonly Difference[] {
  const { facts } = theirs;
  const { attempt } = ours;
  const about = { reference: facts.reference, ours: null, theirs: null, currency: facts.currency };
  const isOfOurMode = theirs.mode === undefined || mode === undefined || theirs.mode === mode;
  const isOfAttempt = facts.orderId === attempt.orderId && facts.attemptId === attempt.id;
  return [
    ...(attempt.reference === null ? [{ ...about, kind: "unlinked_payment" as const }] : []),
    ...(isOfOurMode ? [] : [{ ...about, kind: "mode_differs" as const }]),
    ...(isOfAttempt ? [] : [{ ...about, kind: "identity_differs" as const }]),
    ...(facts.currency === attempt.currency ? [] : [{ ...about, kind: "currency_differs" as const }]),
    ...(facts.amount === attempt.amount
      ? []
      : [{ ...about, kind: "amount_differs" as const, ours: attempt.amount, theirs: facts.amount }]),
    ...captureDifferences(facts, ours),
    ...refundDifferences(facts, ours),
    ...(hasSameState(facts, ours) ? [] : [{ ...about, kind: "state_differs" as const }]),
    ...disputeDifferences(theirs, ours),
  ];
}

function captureDifferences(facts: PaymentFacts, { booked }: OurPayment): Difference[] {
  const { reference, capturedAmount: theirs, currency } = facts;
  if (theirs === booked.captured) return [];
  const kind = theirs > booked.captured ? "missing_capture" : "capture_missing_at_provider";
  return [{ kind, reference, ours: booked.captured, theirs, currency }];
}

/** A refund under way may have reached the provider or not: both are right. */
function refundDifferences(facts: PaymentFacts, ours: OurPayment): Difference[] {
  const { reference, refundedAmount: theirs, currency } = facts;
  const given = refundedOf(ours, "succeeded");
  const about = { reference, ours: given, theirs, currency };
  if (theirs > given + refundedOf(ours, "pending")) return [{ ...about, kind: "missing_refund" }];
  return theirs < given ? [{ ...about, kind: "refund_missing_at_provider" }] : [];
}

function refundedOf({ refunds }: OurPayment, status: "pending" | "succeeded"): number {
  return refunds.filter((refund) => refund.status === status).reduce((sum, { amount }) => sum + amount, 0);
}

/** Where money was taken the amounts say more than any state. */
function hasSameState({ state, capturedAmount }: PaymentFacts, { attempt, booked }: OurPayment): boolean {
  if (capturedAmount > 0 || booked.captured > 0) return true;
  switch (state) {
    case "authorised":
      return attempt.status === "authorised";
    case "cancelled":
      return !isOpen(attempt.status);
    case "requires_action":
      return attempt.status !== "authorised";
    case "pending":
    case "approved":
    case "captured":
      return true;
  }
}

function disputeDifferences({ disputes }: RecordedPayment, ours: OurPayment): Difference[] {
  return disputes.flatMap(({ reference, status, amount: theirs, currency }): Difference[] => {
    const known = ours.disputes.find((each) => each.reference === reference);
    if (known?.status === status) return [];
    const kind = known === undefined ? "missing_dispute" : "dispute_differs";
    return [{ kind, reference, ours: null, theirs, currency }];
  });
}

/** What our own tables contradict each other in: what was captured and given back is booked, and books sum to zero. */
export function bookDifferences(ours: OurPayment): readonly Difference[] {
  const { attempt, booked } = ours;
  const given = refundedOf(ours, "succeeded");
  const captured = attempt.status === "captured" ? attempt.capturedAmount : booked.captured;
  const pairs: readonly (readonly [booked: number, due: number])[] = [
    [booked.balance, 0],
    [booked.captured, captured],
    [booked.refunded, given],
    ...(ours.isNewest ? [[ours.orderRefunded, given] as const] : []),
  ];
  const wrong = pairs.find(([said, due]) => said !== due);
  if (wrong === undefined) return [];
  const [said, due] = wrong;
  const reference = attempt.reference ?? attempt.id;
  return [{ kind: "books_differ", reference, ours: said, theirs: due, currency: attempt.currency }];
}

/** What a payment is that no attempt of ours has. */
export function strangerDifferences({ facts }: RecordedPayment, namesOurs: boolean): readonly Difference[] {
  if (!holdsMoney(facts)) return [];
  const theirs = Math.max(facts.capturedAmount, facts.amount);
  const kind = namesOurs ? "unknown_payment" : "foreign_payment";
  return [{ kind, reference: facts.reference, ours: null, theirs, currency: facts.currency }];
}
