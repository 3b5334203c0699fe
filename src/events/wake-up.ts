import { type EpochMs, epochMs } from "#core/time";

export const wakeUpLimits = {
  /** Drains at once in one isolate; more would only wait for each other's rows. */
  drainsMax: 4,
  /** A drain that was cut off together with its request is forgotten after this time. */
  drainMsMax: 30_000,
  /** Between two looks that wake-ups cause: those that come meanwhile share the next one. */
  lookMsMin: 50,
  /** Beyond the pause itself; whoever waits longer was cut off, and holds nobody back. */
  gatheringMsMax: 500,
  /**
   * Rows of a transaction that overlapped another are not yet visible right after their commit: a second look follows
   * when a wake-up's first found nothing.
   */
  secondLookMs: 150,
} as const;

/**
 * Delivers what is due, in as many looks into the outbox as that takes, and says right before each that it is made. The
 * last one finds nothing.
 */
type Drain = (onLook: () => void) => Promise<unknown>;

type Running = { readonly startedAt: EpochMs; gathersUntil: EpochMs };

type Pacer = (drain: Drain) => Promise<void>;

/** A pacer for each outbox, by its name. */
export function createPacers(now: () => EpochMs): (outbox: string) => Pacer {
  const pacers = new Map<string, Pacer>();
  return (outbox) => {
    const pacer = pacers.get(outbox) ?? createPacer(now);
    pacers.set(outbox, pacer);
    return pacer;
  };
}

/** Paces the drains of one isolate: a wake-up beyond the limit makes a running drain look again when it is done. */
export function createPacer(now: () => EpochMs): Pacer {
  const running = new Set<Running>();
  /** A wake-up came that no look was made for. */
  let woken = false;
  let lookedAt = epochMs(0);

  /** @returns whether a wake-up's first look was the one that found nothing. */
  async function look(drain: Drain): Promise<boolean> {
    let isFirst = false;
    await drain(() => {
      isFirst = woken;
      woken = false;
      lookedAt = now();
    });
    return isFirst;
  }

  /** Until it looks, all that are woken share its look. */
  async function gather(mine: Running, pauseMs: number): Promise<void> {
    mine.gathersUntil = epochMs(now() + pauseMs + wakeUpLimits.gatheringMsMax);
    await pause(pauseMs);
    mine.gathersUntil = mine.startedAt;
  }

  async function lookAgain(drain: Drain): Promise<void> {
    const { secondLookMs } = wakeUpLimits;
    const firstAt = lookedAt;
    await pause(secondLookMs);
    if (lookedAt < firstAt + secondLookMs / 2) await look(drain);
  }

  return async (drain) => {
    for (const other of running) if (other.startedAt + wakeUpLimits.drainMsMax < now()) running.delete(other);
    woken = true;
    const gathers = [...running].some(({ gathersUntil }) => gathersUntil > now());
    if (gathers || running.size >= wakeUpLimits.drainsMax) return;
    const mine = { startedAt: now(), gathersUntil: now() };
    running.add(mine);
    try {
      while (woken) {
        const pauseMs = lookedAt + wakeUpLimits.lookMsMin - now();
        if (pauseMs > 0) await gather(mine, pauseMs);
        // Another drain's look may have served everybody meanwhile.
        if (woken && (await look(drain))) await lookAgain(drain);
      }
    } finally {
      running.delete(mine);
    }
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
