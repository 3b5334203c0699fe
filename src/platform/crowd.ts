import type { EpochMs } from "#core/time";
import { epochMs } from "#core/time";

export const crowdLimits = {
  /** Requests of a crowd that are worked on at once in one isolate. */
  insideMax: 12,
  /** Whoever waited so long goes in all the same: the crowd is kept in order, and never turned away. */
  waitMsMax: 20_000,
  /** While they wait, the others look by themselves this often, should nobody call them. */
  lookMs: 1_000,
  /** A request that its client gave up is never heard of again: the room that it was given is free after this time. */
  answerMsMax: 1_000,
  /** The same for one that was already inside. */
  insideMsMax: 10_000,
} as const;

/** Somebody of the crowd. */
type Visitor = {
  isInside: boolean;
  until: EpochMs;
  readonly called: Promise<void>;
  readonly call: () => void;
};

export type Crowd = {
  /** Resolves when there is room, first come, first served. @returns what tells that they have left. */
  readonly enter: () => Promise<() => void>;
};

/**
 * Lets a crowd in a few at a time. An isolate has one thread, and a request waits at each of its calls behind all others
 * that are under way: with a hundred buyers inside, a payment's twenty calls take twenty times as long as everybody's
 * work. What must not wait does not stand in this queue, and finds the thread free.
 */
export function createCrowd(now: () => EpochMs): Crowd {
  const inside = new Set<Visitor>();
  /** In the order in which they came. */
  const waiting = new Set<Visitor>();

  function letIn(): void {
    for (const visitor of inside) if (visitor.until < now()) inside.delete(visitor);
    for (const visitor of waiting) {
      if (inside.size >= crowdLimits.insideMax) return;
      waiting.delete(visitor);
      inside.add(visitor);
      visitor.isInside = true;
      visitor.until = epochMs(now() + crowdLimits.answerMsMax);
      visitor.call();
    }
  }

  return {
    enter: async () => {
      const { promise: called, resolve: call } = Promise.withResolvers<void>();
      const visitor: Visitor = { isInside: false, until: now(), called, call };
      const deadline = now() + crowdLimits.waitMsMax;
      waiting.add(visitor);
      letIn();
      while (!visitor.isInside && now() < deadline) {
        await within(crowdLimits.lookMs, called);
        letIn();
      }
      waiting.delete(visitor);
      inside.add(visitor);
      visitor.until = epochMs(now() + crowdLimits.insideMsMax);
      return () => {
        inside.delete(visitor);
        letIn();
      };
    },
  };
}

/** Resolves with the promise, or when the time is over. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
