import { type EpochMs, dayMs } from "#core/time";

/**
 * How long the ledger remembers. An order and its payment are settled within days; whatever comes about it later finds
 * nothing and is answered safely: a reserve takes a hold that ends by itself, a commit is told that its units are gone,
 * a release leaves a new tombstone. A sale is remembered far longer, since giving its units back must find it. The
 * sum of sold units outlives its claims.
 */
export const retention = {
  /** Released, expired and refused claims. */
  endedClaimMs: 30 * dayMs,
  committedClaimMs: 400 * dayMs,
  /** Adjustments, whose repetition would count twice: far beyond the life of every idempotency key and event. */
  adjustmentMs: 400 * dayMs,
} as const;

/** Rows forgotten in one step of the alarm. */
export const pruneRowsMax = 500;

export type Horizons = {
  readonly endedBefore: EpochMs;
  readonly committedBefore: EpochMs;
  readonly adjustedBefore: EpochMs;
};

/** What changed last before these moments is forgotten. */
export function horizonsAt(now: EpochMs): Horizons {
  return {
    endedBefore: (now - retention.endedClaimMs) as EpochMs,
    committedBefore: (now - retention.committedClaimMs) as EpochMs,
    adjustedBefore: (now - retention.adjustmentMs) as EpochMs,
  };
}
