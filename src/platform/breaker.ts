import type { EpochMs } from "#core/time";

/** What this isolate knows of whether a service answers. */
export type Breaker = {
  /** Whether to ask now. Of those who might during an outage, one at a time finds out whether it is over. */
  mayAsk: (now: EpochMs) => boolean;
  answered: () => void;
  failed: (now: EpochMs) => void;
};

type Limits = {
  /** So many failures in a row, and the service is spared. */
  failuresMax: number;
  /** For so long after a failure, then somebody tries. */
  pauseMs: number;
};

export function createBreaker({ failuresMax, pauseMs }: Limits): Breaker {
  let failures = 0;
  let pausedUntil = 0;
  return {
    mayAsk: (now) => {
      if (failures < failuresMax) return true;
      if (now < pausedUntil) return false;
      pausedUntil = now + pauseMs;
      return true;
    },
    answered: () => {
      failures = 0;
    },
    failed: (now) => {
      failures += 1;
      pausedUntil = now + pauseMs;
    },
  };
}
