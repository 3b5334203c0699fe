import { runDueTimers } from "./due-timers.ts";
import type { Simulation } from "./simulation.ts";

const SLEEP_MS_MAX = 60 * 60 * 1000;

export type TimerAlarm = {
  /** Lets happen what is due, and sleeps until the next timer. */
  wake: () => void;
  stop: () => void;
};

export function createTimerAlarm(simulation: Simulation, afterwards: () => void): TimerAlarm {
  let alarm: NodeJS.Timeout | undefined;
  let isStopped = false;

  const wake = () => {
    clearTimeout(alarm);
    if (isStopped) return;
    runDueTimers(simulation);
    const dueAt = simulation.timers.nextDueAt();
    if (dueAt !== undefined) {
      const sleepMs = Math.max(0, dueAt * 1000 - simulation.clock.nowMs());
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
