import { type EpochMs, secondMs } from "#core/time";
import type { Context } from "./context.ts";
import { type IsolateMemory, createIsolateMemory } from "./isolate-memory.ts";
import { errorFields } from "./log.ts";
import {
  type RatePolicy,
  type RateSubject,
  type RateVerdict,
  countInRedis,
  countStrictly,
} from "./rate-limit.ts";

/** Pause between two reports of one subject's units to Redis. */
const reportPauseMs = secondMs;

/** Share of a limit that may be spent in this isolate before it is reported at once. */
const unreportedShareMax = 0.1;

/** Subjects that an isolate knows at a time; beyond, the one unheard of for longest is forgotten. */
const subjectsMax = 20_000;
const subjectLifeMs = 300 * secondMs;

/** What counting needs of a request's context. */
export type Counting = Pick<Context, "cache" | "now" | "log" | "afterResponse">;

/** What this isolate knows of a subject: Redis' last word, and what was spent here since. */
type Standing = { remaining: number; resetAt: number; unreported: number; reportedAt: number };

const memories = new WeakMap<Context["cache"], IsolateMemory<Standing>>();

/**
 * Charges what may go on while nobody counts. The verdict is made from the isolate's memory, so it costs no round trip;
 * Redis hears of the units after the response, once a second and subject at most, and tells what other isolates saw. A
 * subject can therefore overshoot by what it spends in a second; while Redis is away each isolate limits by itself.
 */
export function chargeLoosely(context: Counting, limited: RateSubject, units: number): RateVerdict {
  const now = context.now();
  const { policy } = limited;
  const standing = standingOf(context, limited);
  if (standing.remaining <= 0) return verdictOf(policy, standing, { allowed: false, now });
  standing.remaining -= units;
  standing.unreported += units;
  const isDue =
    now - standing.reportedAt >= reportPauseMs ||
    standing.unreported >= policy.requestsMax * unreportedShareMax ||
    standing.remaining <= 0;
  if (isDue) context.afterResponse(report(context, limited, standing));
  return verdictOf(policy, standing, { allowed: true, now });
}

/** Charges before anything happens: see countStrictly. Who is known to be over the limit is refused without a call. */
export async function chargeStrictly(
  context: Context,
  limited: RateSubject,
  units: number,
): Promise<RateVerdict> {
  const now = context.now();
  const standing = standingOf(context, limited);
  if (standing.remaining <= 0) return verdictOf(limited.policy, standing, { allowed: false, now });
  const total = units + takeUnreported(standing, now);
  const verdict = await countStrictly(context, limited, total);
  believe(standing, verdict, context.now());
  return verdict;
}

async function report(context: Counting, limited: RateSubject, standing: Standing): Promise<void> {
  const units = takeUnreported(standing, context.now());
  if (units === 0) return;
  try {
    believe(standing, await countInRedis(context, limited, units), context.now());
  } catch (error) {
    context.log("warn", "traffic is counted by this isolate only, for Redis is away", errorFields(error));
  }
}

function takeUnreported(standing: Standing, now: EpochMs): number {
  const units = standing.unreported;
  standing.unreported = 0;
  standing.reportedAt = now;
  return units;
}

function believe(standing: Standing, verdict: RateVerdict, now: EpochMs): void {
  standing.remaining = verdict.allowed ? verdict.remaining - standing.unreported : 0;
  standing.resetAt = now + verdict.resetSeconds * secondMs;
}

function standingOf(context: Counting, { policy, subject }: RateSubject): Standing {
  const now = context.now();
  const memory =
    memories.get(context.cache) ??
    createIsolateMemory<Standing>({ entriesMax: subjectsMax, lifeMs: subjectLifeMs });
  memories.set(context.cache, memory);
  const key = `${policy.name}:${subject}`;
  const fresh = { remaining: policy.requestsMax, resetAt: now + policy.windowSeconds * secondMs };
  const known = memory.get(key, now) ?? { ...fresh, unreported: 0, reportedAt: 0 };
  if (now >= known.resetAt) Object.assign(known, fresh);
  memory.set(key, known, now);
  return known;
}

function verdictOf(
  policy: RatePolicy,
  standing: Standing,
  { allowed, now }: { allowed: boolean; now: EpochMs },
): RateVerdict {
  const resetSeconds = Math.max(1, Math.ceil((standing.resetAt - now) / secondMs));
  return { policy, allowed, remaining: Math.max(0, standing.remaining), resetSeconds };
}
