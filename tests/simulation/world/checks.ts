import { checkTimes } from "#features/payments/rules";

/** When the sweep asks again for what began then. */
export function nextCheckAt(now: number, since: number): number {
  return now + Math.max(checkTimes.pauseMsMin, (now - since) * checkTimes.pauseShare);
}
