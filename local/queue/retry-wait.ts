import { parseDurationMs } from "./duration.ts";
import { evaluateRetryExpression } from "./retry-expression.ts";

const RETRY_WAIT_MS_MAX = 86_400_000;

/** Headers by which a destination says when to come back; the first one that can be read wins. */
const COME_BACK_HEADERS = [
  "retry-after",
  "x-ratelimit-reset",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
];

export type FailedAttempt = {
  /** Retries made before this failure: 0 after the first attempt. */
  retried: number;
  retryDelayExpression: string | undefined;
  /** Headers of the destination's answer; undefined when it gave none. */
  answerHeaders: Headers | undefined;
  now: number;
};

/** How long QStash waits before the next attempt: the destination's wish, else the publisher's, else the backoff. */
export function retryWaitMs(attempt: FailedAttempt): number {
  return (
    waitAskedByDestination(attempt) ??
    waitAskedByPublisher(attempt) ??
    exponentialBackoffMs(attempt.retried + 1)
  );
}

/** `min(86400, e^(2.5 n))` seconds before the n-th retry: about 12 s, 148 s, 30 min, 6 h, a day. */
export function exponentialBackoffMs(retryNumber: number): number {
  return Math.min(RETRY_WAIT_MS_MAX, Math.round(Math.exp(2.5 * retryNumber) * 1000));
}

function waitAskedByPublisher({ retryDelayExpression, retried }: FailedAttempt): number | undefined {
  if (retryDelayExpression === undefined) return undefined;
  const waitMs = evaluateRetryExpression(retryDelayExpression, retried);
  // A division by zero is a valid expression; it says nothing about when to retry.
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(RETRY_WAIT_MS_MAX, Math.max(0, Math.round(waitMs)));
}

function waitAskedByDestination({ answerHeaders, now }: FailedAttempt): number | undefined {
  for (const name of COME_BACK_HEADERS) {
    const value = answerHeaders?.get(name);
    if (value === null || value === undefined) continue;
    const waitMs = parseDurationMs(value) ?? msUntilDate(value, now);
    if (waitMs !== undefined && waitMs <= RETRY_WAIT_MS_MAX) return Math.max(0, Math.round(waitMs));
  }
  return undefined;
}

function msUntilDate(text: string, now: number): number | undefined {
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date - now;
}
