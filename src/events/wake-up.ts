import type { EpochMs } from "#core/time";

export const wakeUpLimits = {
  /** Drains at once in one isolate; more would only wait for each other's rows. */
  drainsMax: 4,
  /** A drain that was cut off together with its request is forgotten after this time. */
  drainMsMax: 30_000,
  /**
   * Rows of a transaction that overlapped another are not yet visible right after their commit: a second look follows
   * when the first found nothing.
   */
  secondLookMs: 150,
} as const;

/** Delivers what is due and tells how many events that were. */
type Drain = () => Promise<number>;

/** Paces the drains of one isolate: a wake-up beyond the limit makes a running drain look again when it is done. */
export function createPacer(now: () => EpochMs): (drain: Drain) => Promise<void> {
  const running = new Set<{ startedAt: EpochMs }>();
  let again = false;
  return async (drain) => {
    for (const other of running) if (other.startedAt + wakeUpLimits.drainMsMax < now()) running.delete(other);
    again = true;
    if (running.size >= wakeUpLimits.drainsMax) return;
    const mine = { startedAt: now() };
    running.add(mine);
    try {
      while (again) {
        again = false;
        if ((await drain()) > 0) continue;
        await new Promise((resolve) => setTimeout(resolve, wakeUpLimits.secondLookMs));
        await drain();
      }
    } finally {
      running.delete(mine);
    }
  };
}
