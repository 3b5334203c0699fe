export type Clock = { now: () => number; advance: (ms: number) => void };

/** The machine's clock, which a test or a person may push ahead to make delays and schedules fall due. */
export function createClock(): Clock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    advance(ms) {
      aheadMs += ms;
    },
  };
}
