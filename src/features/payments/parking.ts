import type { Contradiction } from "#core/payment-claims";

/** Why a person has to look at a payment. */
export type ReviewCause = {
  readonly attemptId: string;
  readonly reason: string;
  readonly contradictions: readonly Contradiction[];
  /** The stored event that claims so; undefined when the provider's own reading does, or the stock is gone. */
  readonly eventId?: string;
};

/** Stops an order at a payment that contradicts it: nothing is fulfilled before a person has looked. */
export function parking({ attemptId, reason, contradictions, eventId }: ReviewCause) {
  return {
    order: { transition: "review" as const, event: "order.payment_review" as const, data: { reason } },
    review: { attemptId, reason, contradictions, ...(eventId === undefined ? {} : { eventId }) },
  };
}
