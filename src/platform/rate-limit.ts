import { Ratelimit } from "@upstash/ratelimit";
import { AppError } from "#core/errors";
import type { Context } from "./context.ts";

/** So many requests in a sliding window, counted per subject. */
export type RatePolicy = {
  /** Stable: it is part of the counters' keys and of the RateLimit fields. */
  readonly name: string;
  readonly requestsMax: number;
  readonly windowSeconds: number;
};

export type RateVerdict = {
  readonly policy: RatePolicy;
  readonly allowed: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
};

/** How long a request waits for the counters before the limiter counts as away, in milliseconds. */
const deadlineMs = 1_500;

const limiters = new WeakMap<Context["cache"], Map<string, Ratelimit>>();

/**
 * Counts one request of this subject.
 * @throws AppError dependency_unavailable when the counters cannot be reached: what is limited this way fails closed.
 */
export async function countRequest(
  context: Context,
  policy: RatePolicy,
  subject: string,
): Promise<RateVerdict> {
  const answer = await limiterOf(context, policy)
    .limit(subject)
    .catch((error: unknown) => {
      throw limiterAway(error);
    });
  // The library lets everybody pass when its deadline is over.
  if (answer.reason === "timeout") throw limiterAway(new Error("the rate limiter did not answer in time"));
  const resetSeconds = Math.max(1, Math.ceil((answer.reset - context.now()) / 1000));
  return { policy, allowed: answer.success, remaining: answer.remaining, resetSeconds };
}

/** Takes back one counted request, such as a login that turned out to be the owner's. */
export async function uncountRequest(context: Context, policy: RatePolicy, subject: string): Promise<void> {
  await limiterOf(context, policy).limit(subject, { rate: -1 });
}

function limiterOf(context: Context, policy: RatePolicy): Ratelimit {
  const known = limiters.get(context.cache) ?? new Map<string, Ratelimit>();
  limiters.set(context.cache, known);
  const { name, requestsMax, windowSeconds } = policy;
  const limiter =
    known.get(name) ??
    new Ratelimit({
      redis: context.cache,
      limiter: Ratelimit.slidingWindow(requestsMax, `${windowSeconds} s`),
      prefix: `rate:${name}`,
      timeout: deadlineMs,
      ephemeralCache: false,
    });
  known.set(name, limiter);
  return limiter;
}

function limiterAway(cause: unknown): AppError {
  return new AppError("dependency_unavailable", {
    detail: "Attempts cannot be counted at the moment, so none are allowed. Try again.",
    retryAfterSeconds: 2,
    cause,
  });
}
