import type { EpochMs } from "#core/time";

/** A charge of one subject under one policy; negative units take an earlier charge back. */
export type Charge = {
  readonly key: string;
  readonly unitsMax: number;
  readonly windowMs: number;
  readonly units: number;
};

export type ChargeReply = { readonly allowed: boolean; readonly remaining: number; readonly resetAt: number };

/** What was charged in the window that runs, and in the one before it. */
export type Charged = { readonly current: number; readonly previous: number };

/** Number of the fixed window that a time falls into. */
export function windowAt(now: EpochMs, windowMs: number): number {
  return Math.floor(now / windowMs);
}

/**
 * A sliding window from two fixed ones, as the counters in Redis have it: the one before counts by the share of it that
 * the sliding window still covers. A charge passes while anything is left, so that a dear one is never starved.
 */
export function decideCharge(
  charge: Charge,
  charged: Charged,
  now: EpochMs,
): { reply: ChargeReply; added: number } {
  const { unitsMax, windowMs, units } = charge;
  const shareOfPrevious = 1 - (now % windowMs) / windowMs;
  const spent = Math.floor(charged.previous * shareOfPrevious) + charged.current;
  const allowed = units <= 0 || spent < unitsMax;
  const added = allowed ? Math.max(units, -charged.current) : 0;
  return {
    reply: {
      allowed,
      remaining: Math.max(0, unitsMax - spent - added),
      resetAt: (windowAt(now, windowMs) + 1) * windowMs,
    },
    added,
  };
}
