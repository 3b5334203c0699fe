import {
  type Contradiction,
  type Mismatch,
  contradictionsOf,
  isContradictory,
  isOfIdentity,
  mismatchIn,
} from "#core/payment-claims";
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

export function isOpen(status: AttemptStatus | undefined): boolean {
  return openAttemptStatuses.some((open) => open === status);
}

/** How often the sweep asks a provider of what is not decided: soon at first, then ever more rarely. */
export const checkTimes = {
  pauseMsMin: 20_000,
  /** A later pause is this share of the time since the payment or the refund was begun. */
  pauseShare: 0.5,
  /**
   * For so long after its end with us money may still come at the provider, where somebody was just reserving it: the
   * first look comes after the shortest pause, and later pauses are a share of the time since the end.
   */
  closedWatchMs: 6 * 60 * 60 * 1000,
} as const;

/** What the fold looks at besides the facts. */
export type PaymentSituation = {
  readonly order: {
    readonly id: string;
    readonly status: OrderStatus;
    readonly total: number;
    readonly currency: string;
  };
  readonly attempt: {
    readonly id: string;
    readonly status: AttemptStatus;
    readonly failureCode: string | null;
    /** Whether the buyer chose another way to pay since: this one no longer pays the order. */
    readonly superseded: boolean;
    /** Whether staff decided that it is its order's, whatever it says of itself. */
    readonly accepted: boolean;
    /** What our own books say was given back of this payment. */
    readonly refunded: number;
    /** Whether a refund of it is under way, whose outcome is not booked yet. */
    readonly refundPending: boolean;
    /** Amounts that we tried in vain to give back without being asked: a person must find another way. */
    readonly failedSurpluses: readonly number[];
  };
};

/** The next thing to do for a payment. Each is safe to repeat, and after each the situation is read anew. */
export type PaymentStep =
  /** Nothing: everything is where it should be, or the buyer must act. */
  | { do: "rest" }
  /** The facts contradict the order: a person must look, nothing is fulfilled. */
  | { do: "park"; reason: Mismatch; contradictions: readonly Contradiction[] }
  /** The buyer has approved: ask the provider to reserve the money. */
  | { do: "complete_authorisation" }
  | { do: "record_authorised" }
  /** Commit the stock of every SKU; then capture if the money is not captured yet; then record the order as paid. */
  | { do: "commit_and_capture" }
  /** The order has ended or is paid otherwise: give the authorisation back, or end a payment that nobody needs. */
  | { do: "void" }
  /** The authorisation ended before the money was taken: the order is cancelled. */
  | { do: "record_voided" }
  /** The provider has told what became of a call: nothing was taken, and the order waits for its payment again. */
  | { do: "record_sighted"; status: AttemptStatus }
  /** Money came for an order that had ended or is paid otherwise: it goes back, once. */
  | { do: "refund_surplus"; amount: number }
  /** Somebody gave money back at the provider's own dashboard: our books follow. */
  | { do: "record_provider_refund"; amount: number }
  | { do: "record_attempt"; status: AttemptStatus; failureCode: string | undefined; declined: boolean };

/**
 * The fold over a payment's facts: from what the provider says now and where the order stands to the next step.
 * Pure; late, repeated and reordered notifications all lead here and find the same answer.
 */
export function nextPaymentStep({ order, attempt }: PaymentSituation, facts: PaymentFacts): PaymentStep {
  const contradictions = contradictionsIn({ order, attempt }, facts);
  if (attempt.superseded)
    return contradictions.some(isOfIdentity) ? { do: "rest" } : stepOfSuperseded(attempt, facts);
  // Where nothing is owed any more, all that was taken goes back, however much or little it was.
  if (isContradictory(contradictions) && !hasEnded(order.status)) return park(order, contradictions);
  switch (facts.state) {
    case "authorised":
      if (isBeingCaptured(order, attempt)) return { do: "commit_and_capture" };
      if (isPayable(order.status)) return { do: "record_authorised" };
      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };
    case "captured":
      // Money that is there needs no step before it: the order is paid as soon as its stock is committed.
      if (isBeingCaptured(order, attempt) || isPayable(order.status)) return { do: "commit_and_capture" };
      return afterCapture({ order, attempt }, facts);
    case "cancelled":
      if (isBeingCaptured(order, attempt)) return { do: "record_voided" };
      if (order.status === "payment_unknown") return { do: "record_sighted", status: facts.state };
      return recordAttempt(attempt, facts.state, facts.failureCode);
    case "approved":
      if (isPayable(order.status)) return { do: "complete_authorisation" };
      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };
    case "pending":
    case "requires_action":
      if (order.status === "payment_unknown")
        // The provider is still taking the authorised money.
        return isBeingCaptured(order, attempt)
          ? { do: "rest" }
          : { do: "record_sighted", status: facts.state };
      if (hasEnded(order.status)) return { do: "void" };
      // What we ended stays ended: not every provider can be told so before the buyer has approved.
      if (attempt.status === "cancelled") return { do: "rest" };
      return recordAttempt(attempt, facts.state, facts.failureCode);
  }
}

type Situation<Part extends keyof PaymentSituation> = PaymentSituation[Part];

/** Authorised, or with a call after the authorisation whose outcome was unknown. */
function isBeingCaptured(order: Situation<"order">, attempt: Situation<"attempt">): boolean {
  return (
    order.status === "authorised" || (order.status === "payment_unknown" && attempt.status === "authorised")
  );
}

/** A payment that the buyer left for another takes no money and is ended, and what it took goes back. */
function stepOfSuperseded(attempt: Situation<"attempt">, facts: PaymentFacts): PaymentStep {
  switch (facts.state) {
    case "captured":
      return moneyStep(attempt, facts, false) ?? { do: "rest" };
    case "authorised":
      return { do: "void" };
    case "cancelled":
      return isOpen(attempt.status) ? recordAttempt(attempt, facts.state, facts.failureCode) : { do: "rest" };
    case "approved":
    case "pending":
    case "requires_action":
      return isOpen(attempt.status) ? { do: "void" } : { do: "rest" };
  }
}

/** What is to be done about captured money; undefined when it is all where it should be. */
function moneyStep(
  attempt: Situation<"attempt">,
  facts: PaymentFacts,
  isDue: boolean,
): PaymentStep | undefined {
  const unbooked = facts.refundedAmount - attempt.refunded;
  if (attempt.refundPending) return { do: "rest" };
  if (unbooked > 0) return { do: "record_provider_refund", amount: unbooked };
  // Of a manual payment only our own books know what went back.
  const kept = facts.capturedAmount - Math.max(facts.refundedAmount, attempt.refunded);
  const isSurplus = !isDue && kept > 0 && !attempt.failedSurpluses.includes(kept);
  return isSurplus ? { do: "refund_surplus", amount: kept } : undefined;
}

/** Once the money is there, earlier refusals are no news. */
function afterCapture({ order, attempt }: PaymentSituation, facts: PaymentFacts): PaymentStep {
  const step = moneyStep(attempt, facts, !hasEnded(order.status));
  if (step !== undefined) return step;
  return order.status === "payment_review" ? { do: "rest" } : recordAttempt(attempt, "captured", undefined);
}

/** Whether the order has not come so far yet that a contradiction could no longer stop it. */
export function isStoppable(status: OrderStatus): boolean {
  return isPayable(status) || status === "authorised";
}

/** A contradiction stops an order that is not paid yet; of a paid one it is no payment, and changes nothing. */
function park(
  order: Situation<"order">,
  contradictions: readonly [Contradiction, ...Contradiction[]],
): PaymentStep {
  return isStoppable(order.status)
    ? { do: "park", reason: mismatchIn(contradictions), contradictions }
    : { do: "rest" };
}

/**
 * What the provider tells of the payment otherwise than our books: what it does not tell it does not confirm. Whose
 * payment it is staff may decide; whose money it is, and how much, they may not.
 */
export function contradictionsIn(
  {
    order,
    attempt,
  }: { order: Situation<"order">; attempt: { readonly id: string; readonly accepted: boolean } },
  facts: PaymentFacts,
): readonly Contradiction[] {
  const told = contradictionsOf(
    {
      order: order.id,
      attempt: attempt.id,
      amount: order.total,
      currency: order.currency,
      captured: order.total,
    },
    {
      order: facts.orderId ?? null,
      attempt: facts.attemptId ?? null,
      amount: facts.amount,
      currency: facts.currency,
      captured: facts.state === "captured" ? facts.capturedAmount : undefined,
    },
  );
  const contradictions = [...(facts.foreign ?? []), ...told];
  return attempt.accepted ? contradictions.filter((each) => !isOfIdentity(each)) : contradictions;
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
