import { AppError } from "#core/errors";
import { currentTime } from "#core/time";

type Limits = {
  underWayMax: number;
  /** How long one waits for its turn before it is refused. */
  waitMsMax: number;
  /** A request that its client gave up may never end its work: its place is free after this time. */
  workMsMax: number;
};

const pollMs = 10;

/**
 * Lets this isolate do only so much of something at once: what is more waits a little and is refused then. Requests of
 * an isolate must not wait for each other's promises, so whoever waits looks again and again.
 * @throws AppError busy when no turn comes in time; else what the work throws.
 */
export function fewAtOnce({ underWayMax, waitMsMax, workMsMax }: Limits) {
  const underWay = new Set<{ readonly since: number }>();

  function isFull(now: number): boolean {
    for (const place of underWay) if (now - place.since >= workMsMax) underWay.delete(place);
    return underWay.size >= underWayMax;
  }

  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const cameAt = currentTime();
    while (isFull(currentTime())) {
      if (currentTime() - cameAt >= waitMsMax)
        throw new AppError("busy", {
          detail: "Too much of this is asked at once. Try again in a moment.",
          retryAfterSeconds: 1,
        });
      await new Promise((resolve) => {
        setTimeout(resolve, pollMs);
      });
    }
    const place = { since: currentTime() };
    underWay.add(place);
    try {
      return await work();
    } finally {
      underWay.delete(place);
    }
  };
}
