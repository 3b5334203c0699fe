import { Ratelimit } from "@upstash/ratelimit";
import { crc32 } from "#core/crc32";
import { AppError } from "#core/errors";
import type { Context } from "./context.ts";
import { errorFields } from "./log.ts";

/** So many requests in a sliding window, counted per subject. A dear request counts as several: as its units. */
export type RatePolicy = {
  /** Stable: it is part of the counters' keys and of the RateLimit fields. */
  readonly name: string;
  readonly requestsMax: number;
  readonly windowSeconds: number;
};

/** One whom a policy counts, such as a network address. */
export type RateSubject = { readonly policy: RatePolicy; readonly subject: string };

export type RateVerdict = {
  readonly policy: RatePolicy;
  readonly allowed: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
};

/** How long a request waits for the counters before the limiter counts as away, in milliseconds. */
const deadlineMs = 1_500;

/** For how long an isolate does not ask again after the counters were away, in milliseconds. */
const awayMs = 2_000;

/** Durable Objects that count while Redis is away; a subject always falls to the same one. */
const shards = 32;

type Counters = { readonly limiters: Map<string, Ratelimit>; awayUntil: number };

/** By client of Redis, of which an isolate has one. */
const countersOf = new WeakMap<Context["cache"], Counters>();

/**
 * Counts these units in Redis.
 * @throws Error when Redis cannot be reached in time.
 */
export async function countInRedis(
  context: Pick<Context, "cache" | "now">,
  { policy, subject }: RateSubject,
  units: number,
): Promise<RateVerdict> {
  const counters = countersFor(context);
  if (context.now() < counters.awayUntil) throw new Error("the rate limiter was away a moment ago");
  try {
    const answer = await limiterOf(context, policy).limit(subject, { rate: units });
    // The library lets everybody pass when its deadline is over.
    if (answer.reason === "timeout") throw new Error("the rate limiter did not answer in time");
    return verdictOf(context, policy, { ...answer, allowed: answer.success, resetAt: answer.reset });
  } catch (error) {
    counters.awayUntil = context.now() + awayMs;
    throw error;
  }
}

/**
 * Counts one that must not go uncounted: in Redis, and while that is away in a Durable Object.
 * @throws AppError dependency_unavailable when neither can be reached: what is limited this way fails closed.
 */
export async function countStrictly(
  context: Context,
  limited: RateSubject,
  units: number,
): Promise<RateVerdict> {
  try {
    return await countInRedis(context, limited, units);
  } catch (error) {
    context.log("warn", "counting in a Durable Object, for Redis is away", errorFields(error));
    return countInObject(context, limited, units);
  }
}

/** Counts one request strictly: see countStrictly. */
export function countRequest(context: Context, policy: RatePolicy, subject: string): Promise<RateVerdict> {
  return countStrictly(context, { policy, subject }, 1);
}

/** Takes back one counted request, such as a login that turned out to be the owner's. */
export async function uncountRequest(context: Context, policy: RatePolicy, subject: string): Promise<void> {
  await countStrictly(context, { policy, subject }, -1);
}

async function countInObject(
  context: Context,
  { policy, subject }: RateSubject,
  units: number,
): Promise<RateVerdict> {
  const key = `${policy.name}:${subject}`;
  const shard = crc32(new TextEncoder().encode(key)) % shards;
  const windowMs = policy.windowSeconds * 1000;
  try {
    const charge = { key, unitsMax: policy.requestsMax, windowMs, units };
    return verdictOf(context, policy, await context.objects.limits(`limits-${shard}`).charge(charge));
  } catch (cause) {
    throw new AppError("dependency_unavailable", {
      detail: "Attempts cannot be counted at the moment, so none are allowed. Try again.",
      retryAfterSeconds: 2,
      cause,
    });
  }
}

type Counted = { allowed: boolean; remaining: number; resetAt: number };

function verdictOf(
  context: Pick<Context, "now">,
  policy: RatePolicy,
  { allowed, remaining, resetAt }: Counted,
): RateVerdict {
  const resetSeconds = Math.max(1, Math.ceil((resetAt - context.now()) / 1000));
  return { policy, allowed, remaining: Math.max(0, remaining), resetSeconds };
}

function countersFor(context: Pick<Context, "cache">): Counters {
  const known = countersOf.get(context.cache) ?? { limiters: new Map<string, Ratelimit>(), awayUntil: 0 };
  countersOf.set(context.cache, known);
  return known;
}

function limiterOf(context: Pick<Context, "cache">, policy: RatePolicy): Ratelimit {
  const { limiters } = countersFor(context);
  const { name, requestsMax, windowSeconds } = policy;
  const limiter =
    limiters.get(name) ??
    new Ratelimit({
      redis: context.cache,
      limiter: Ratelimit.slidingWindow(requestsMax, `${windowSeconds} s`),
      prefix: `rate:${name}`,
      timeout: deadlineMs,
      ephemeralCache: false,
    });
  limiters.set(name, limiter);
  return limiter;
}
