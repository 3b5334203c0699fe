/** Milliseconds since the Unix epoch, UTC. */
export type EpochMs = number & { readonly __brand: "EpochMs" };

export function epochMs(value: number): EpochMs {
  return Math.trunc(value) as EpochMs;
}

/** The one place that reads the wall clock; pure cores are given the time. */
export function currentTime(): EpochMs {
  return epochMs(Date.now());
}

/** RFC 3339 in UTC with milliseconds, as every timestamp on the wire. */
export function toTimestamp(time: EpochMs): string {
  return new Date(time).toISOString();
}

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
