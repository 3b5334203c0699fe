import { z } from "zod";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { uncountRequest } from "#platform/rate-limit";
import { keepPace } from "./pace.ts";
import { attemptLimits, guessDelays } from "./rules.ts";

/** Whose password is tried, and from which network. */
export type Guess = { email: string; network: string };

export type AdmittedGuess = {
  /** Takes the attempt back, for the password was right, and remembers that its owner comes from this network. */
  readonly wasRight: () => Promise<void>;
};

/**
 * Holds guesses off by delays that grow with each failure, and locks nobody out. Failures are counted three times: of
 * this account from this network, of this network against all accounts, and of this account from everywhere. An attempt
 * that is held off is not counted: whoever waits as told gets through.
 *
 * An attack must not hold off the owner. So where the owner has signed in before, only failures of that very pair
 * count; and from a network that is new, the first attempts pass however hard the account is attacked elsewhere.
 * @throws AppError rate_limited with the seconds to wait.
 */
export async function admitGuess(context: Context, guess: Guess): Promise<AdmittedGuess> {
  const keys = await keysOf(guess);
  const answer = await answerOf(context, () =>
    context.cache.eval(admission, keys, [
      context.now(),
      guessDelays.forgottenAfterSeconds,
      guessDelays.strangersAttempts,
      ...delaysOf(context),
    ]),
  );
  if (answer === undefined) return admitByCount(context, guess);
  const [waitMs, isKnown] = answer;
  if (waitMs > 0)
    throw new AppError("rate_limited", {
      detail: "Too many wrong passwords came before this one. Wait and try again, or choose a new password.",
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  const lifeSeconds = guessDelays.networkKnownForDays * 24 * 60 * 60;
  return {
    wasRight: async () =>
      void (await answerOf(context, () => context.cache.eval(retraction, keys, [isKnown, lifeSeconds]))),
  };
}

/** The owner has come from this network, as when the account was made there. */
export async function rememberNetwork(context: Context, guess: Guess): Promise<void> {
  const lifeSeconds = guessDelays.networkKnownForDays * 24 * 60 * 60;
  await answerOf(context, async () => context.cache.eval(retraction, await keysOf(guess), [1, lifeSeconds]));
}

/** Without the delays attempts are counted, by whatever counts when Redis is away; and if nothing does, none pass. */
async function admitByCount(context: Context, guess: Guess): Promise<AdmittedGuess> {
  const [pair = ""] = await keysOf(guess);
  await keepPace(context, attemptLimits.loginByEmail, pair);
  return { wasRight: () => uncountRequest(context, attemptLimits.loginByEmail, pair) };
}

const Answer = z.tuple([z.number(), z.number()]);

/** Undefined when Redis cannot say. */
async function answerOf(
  context: Context,
  ask: () => Promise<unknown>,
): Promise<z.infer<typeof Answer> | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("Redis did not answer in time")), guessDelays.deadlineMs);
    });
    return Answer.parse(await Promise.race([ask(), late]));
  } catch (error) {
    context.log("warn", "wrong passwords cannot be delayed", errorFields(error));
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The counters know no addresses of people, only hashes. */
async function keysOf({ email, network }: Guess): Promise<string[]> {
  const account = await sha256Hex(email.toLowerCase());
  return [
    `guess:pair:${account}:${network}`,
    `guess:network:${network}`,
    `guess:account:${account}`,
    `guess:known:${account}:${network}`,
  ];
}

function delaysOf({ settings }: Context): number[] {
  const { pair, network, account } = guessDelays;
  const stretched = Math.round(network.freeFailures * settings.RATE_LIMIT_SCALE);
  return [pair, { ...network, freeFailures: stretched }, account].flatMap(
    ({ freeFailures, delaySecondsMax, oneForgottenInSeconds }) => [
      freeFailures,
      delaySecondsMax,
      oneForgottenInSeconds,
    ],
  );
}

/**
 * KEYS: pair, network, account, known. ARGV: now, seconds until all is forgotten, a stranger's attempts, and for each
 * of the three its free failures, its longest delay and the seconds in which one failure is forgotten. The attempt counts as a failure from the start: of a hundred
 * at once no more pass than one after the other.
 */
const admission = `
local now = tonumber(ARGV[1])
local known = redis.call("EXISTS", KEYS[4])
local tried = tonumber(redis.call("HGET", KEYS[1], "failures") or "0")
local wait = 0
for i = 1, 3 do
  local applies = i == 1 or (known == 0 and (i == 2 or tried >= tonumber(ARGV[3])))
  if applies then
    local heldUntil = tonumber(redis.call("HGET", KEYS[i], "held_until") or "0")
    if heldUntil - now > wait then wait = heldUntil - now end
  end
end
if wait > 0 then return {wait, known} end
local last = 3
if known == 1 then last = 1 end
for i = 1, last do
  local before = tonumber(redis.call("HGET", KEYS[i], "failures") or "0")
  local since = math.max(0, now - tonumber(redis.call("HGET", KEYS[i], "last") or ARGV[1]))
  local forgotten = math.floor(since / (tonumber(ARGV[3 + 3 * i]) * 1000))
  local failures = math.max(0, before - forgotten) + 1
  redis.call("HSET", KEYS[i], "failures", string.format("%.0f", failures), "last", ARGV[1])
  local beyond = failures - tonumber(ARGV[1 + 3 * i])
  if beyond > 0 then
    local longest = tonumber(ARGV[2 + 3 * i]) * 1000
    local delay = longest
    if beyond < 20 then delay = math.min(longest, 1000 * 2 ^ (beyond - 1)) end
    redis.call("HSET", KEYS[i], "held_until", string.format("%.0f", now + delay))
  end
  redis.call("EXPIRE", KEYS[i], ARGV[2])
end
return {0, known}`;

/** KEYS as before. ARGV: whether the network was known, and for how many seconds it is from now on. */
const retraction = `
redis.call("DEL", KEYS[1])
if tonumber(ARGV[1]) == 0 then
  for i = 2, 3 do
    local failures = tonumber(redis.call("HGET", KEYS[i], "failures") or "0")
    if failures > 0 then redis.call("HINCRBY", KEYS[i], "failures", -1) end
  end
end
redis.call("SET", KEYS[4], "1", "EX", ARGV[2])
return {0, 1}`;
