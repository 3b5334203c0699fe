import type { Clock } from "./clock.ts";

const SLEEP_MS_MAX = 60 * 60 * 1000;

export type TimerAlarm = {
  /** Lets happen what is due, and sleeps until the next timer. */
  wake: () => void;
  stop: () => void;
};

type Wakeable = {
  clock: Clock;
  timers: { nextDueAt: () => number | undefined };
  runDueTimers: () => void;
  /** Called after every wake-up. */
  afterwards: () => void;
};

export function createTimerAlarm({ clock, timers, runDueTimers, afterwards }: Wakeable): TimerAlarm {
  let alarm: NodeJS.Timeout | undefined;
  let isStopped = false;

  const wake = () => {
    clearTimeout(alarm);
    if (isStopped) return;
    runDueTimers();
    const dueAt = timers.nextDueAt();
    if (dueAt !== undefined) {
      const sleepMs = Math.max(0, dueAt * 1000 - clock.nowMs());
      alarm = setTimeout(wake, Math.min(sleepMs, SLEEP_MS_MAX));
    }
    afterwards();
  };

  return {
    wake,
    stop: () => {
      isStopped = true;
      clearTimeout(alarm);
    },
  };
}
