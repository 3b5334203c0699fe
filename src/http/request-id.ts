import { newId } from "#core/ids";
import type { EpochMs } from "#core/time";

const requestIdPattern = /^[\w-]{1,128}$/;

/** The id that the caller offers, when it is one that may be logged, else a new one. */
export function requestIdFrom(offered: string | null | undefined, now: EpochMs): string {
  return offered !== null && offered !== undefined && requestIdPattern.test(offered)
    ? offered
    : newId("request", now);
}
