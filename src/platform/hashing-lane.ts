import { AppError } from "#core/errors";
import { currentTime, type EpochMs } from "#core/time";

/**
 * Hashing a password occupies the isolate's only thread. So passwords are hashed one at a time, with a rest after each
 * in which other requests go on, and not more than so many wait for their turn.
 */
const laneLimits = {
  waitingMax: 32,
  waitMsMax: 10_000,
  restMs: 5,
  pollMs: 5,
  /** A request that its client gave up is never heard of again: its place and its turn are free after this time. */
  silentMsMax: 3_000,
} as const;

/** Somebody's place in the lane. */
type Place = { readonly since: EpochMs; seenAt: EpochMs };

export type HashingLane = {
  /** A place at the end, or undefined when the lane is full. */
  readonly join: (now: EpochMs) => Place | undefined;
  /** Whether it is this place's turn: then the turn has begun. */
  readonly begin: (place: Place, now: EpochMs) => boolean;
  /** Ends the turn, or gives the place up. */
  readonly leave: (place: Place) => void;
};

/** The lane knows no timers and no promises: requests of an isolate must not wait for each other's. */
export function createHashingLane(): HashingLane {
  /** In the order in which they came. */
  const waiting = new Set<Place>();
  let current: Place | undefined;
  /** The clock may stand still while a request computes, so the rest is counted from when the next one looks. */
  let rest: "none" | "due" | { readonly until: number } = "none";

  function forgetSilent(now: EpochMs): void {
    const isSilent = ({ seenAt }: Place) => now - seenAt > laneLimits.silentMsMax;
    if (current !== undefined && isSilent(current)) current = undefined;
    const [first] = waiting;
    if (first !== undefined && isSilent(first)) waiting.delete(first);
  }

  return {
    join: (now) => {
      forgetSilent(now);
      if (waiting.size >= laneLimits.waitingMax) return undefined;
      const place = { since: now, seenAt: now };
      waiting.add(place);
      return place;
    },
    begin: (place, now) => {
      place.seenAt = now;
      // A place that was taken for given up goes to the end.
      waiting.add(place);
      forgetSilent(now);
      if (current !== undefined) return false;
      if (rest === "due") rest = { until: now + laneLimits.restMs };
      const [first] = waiting;
      if (first !== place || (rest !== "none" && now < rest.until)) return false;
      waiting.delete(place);
      current = place;
      rest = "none";
      return true;
    },
    leave: (place) => {
      waiting.delete(place);
      if (current !== place) return;
      current = undefined;
      rest = waiting.size > 0 ? "due" : "none";
    },
  };
}

/**
 * Does the work when its turn has come.
 * @throws AppError busy when the lane is full, or the turn does not come in time.
 */
export async function takeTurn<Result>(lane: HashingLane, work: () => Promise<Result>): Promise<Result> {
  const place = lane.join(currentTime());
  if (place === undefined) throw tooBusy();
  try {
    while (!lane.begin(place, currentTime())) {
      if (currentTime() - place.since > laneLimits.waitMsMax) throw tooBusy();
      await new Promise((resolve) => {
        setTimeout(resolve, laneLimits.pollMs);
      });
    }
    return await work();
  } finally {
    lane.leave(place);
  }
}

function tooBusy(): AppError {
  return new AppError("busy", {
    detail: "Too many passwords are being checked. Try again in a moment.",
    retryAfterSeconds: 2,
  });
}
