import { type EpochMs, currentTime, epochMs, secondMs } from "#core/time";
import { cacheOf } from "#platform/context";
import { type Bindings, settingsOf } from "#platform/env";
import { createLog, errorFields } from "#platform/log";
import { type ReadyAnswer, type ReadyAnswers, pathOfKey, readyAnswersOf } from "#platform/ready-answers";
import type { Counting } from "#platform/traffic";
import { shapeOf } from "./answer-shape.ts";
import { isAmong } from "./conditional.ts";
import { rateFields } from "./rate-fields.ts";
import { requestIdFrom } from "./request-id.ts";
import { chargeRead, markCharged } from "./traffic-limit.ts";

type Fetch = (
  request: Request,
  bindings: Bindings,
  executionContext: ExecutionContext,
) => Response | Promise<Response>;

/** A read of somebody of whom nothing is known. */
type Question = {
  readonly request: Request;
  readonly bindings: Bindings;
  readonly executionContext: ExecutionContext;
  readonly answers: ReadyAnswers;
  /** All that the answer depends on: the target without its version, and the page's origin. */
  readonly key: string;
};

type Fields = readonly (readonly [name: string, value: string])[];

/** Tells at less cost than making them anew whether what some answers are made of has changed. */
type Watch = {
  readonly covers: (path: string) => boolean;
  readonly readVersion: (counting: Counting) => Promise<string | undefined>;
  /** The chain may answer from what it had read so long before. */
  readonly lagMs: number;
};

type Door = { readonly chain: Fetch; readonly watch: Watch };

/** An answer, and when it was last known to be true. */
type Known = { readonly answer: ReadyAnswer; readonly trueAt: EpochMs };

/**
 * Gives public reads the answer that was given before, in front of everything that the chain does: a shared cache inside
 * the isolate, as RFC 9111 and RFC 5861 have it. It keeps what the chain answered with a freshness to somebody of whom
 * nothing is known. What is fresh no more is given once again while it is looked whether anything has changed, and if so
 * the chain makes a newer one; and later while the chain cannot. Callers are counted and limited as by the chain, but
 * what is answered here is not logged one by one.
 */
export function answerReadily(chain: Fetch, watch: Watch): Fetch {
  const door = { chain, watch };
  return (request, bindings, executionContext) => {
    const question = questionOf(request, bindings, executionContext);
    if (question === undefined) return chain(request, bindings, executionContext);
    const known = findKnown(door, question);
    if (known === undefined) return askChain(door, question);
    const { freshSeconds, whileRevalidateSeconds } = known.answer.shape.freshness;
    const now = currentTime();
    const ageSeconds = (now - known.trueAt) / secondMs;
    if (ageSeconds >= freshSeconds + whileRevalidateSeconds) return askChain(door, question, known);
    const address = request.headers.get("cf-connecting-ip") ?? undefined;
    const verdicts = chargeRead(countingOf(question), settingsOf(bindings), address);
    // Who may ask no more is told so by the chain.
    if (verdicts === undefined) return chain(request, bindings, executionContext);
    if (ageSeconds >= freshSeconds) renewAfterwards(door, question, known);
    countHit(now);
    const requestId = requestIdFrom(request.headers.get("request-id"), now);
    return respond(request, known, [["Request-Id", requestId], ...rateFields(verdicts)]);
  };
}

function findKnown({ watch }: Door, { answers, key }: Question): Known | undefined {
  const answer = answers.find(key);
  if (answer === undefined) return undefined;
  return { answer, trueAt: watch.covers(pathOfKey(key)) ? answers.lastTrueAt(answer) : answer.madeAt };
}

/** With any of these the answer, or who pays for it, may be another. */
const belongsToTheChain = ["authorization", "cookie", "consistency-token"];

function questionOf(
  request: Request,
  bindings: Bindings,
  executionContext: ExecutionContext,
): Question | undefined {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") return undefined;
  if (belongsToTheChain.some((name) => headers.has(name))) return undefined;
  const target = targetOf(request.url);
  const origin = headers.get("origin");
  const key = origin === null ? target : `${target} ${origin}`;
  return { request, bindings, executionContext, answers: readyAnswersOf(bindings), key };
}

/** Path and query, of `/v1/…` as of its alias. */
function targetOf(url: string): string {
  const start = url.indexOf("/", "https://".length);
  return url.slice(url.startsWith("/v1/", start) ? start + "/v1".length : start);
}

function countingOf({ bindings, executionContext }: Question): Counting {
  return {
    cache: cacheOf(settingsOf(bindings)),
    now: currentTime,
    log: createLog({}),
    afterResponse: (work) => executionContext.waitUntil(work),
  };
}

/** Asks the chain and keeps what everybody may have. When the chain cannot answer, an old answer is better than none. */
async function askChain({ chain }: Door, question: Question, old?: Known): Promise<Response> {
  const { request, bindings, executionContext, answers } = question;
  const began = { at: currentTime(), forgettings: answers.forgettings };
  const response = await chain(request, bindings, executionContext);
  if (response.status < 500) return keep(question, response, began);
  if (old === undefined) return response;
  const { ifErrorSeconds } = old.answer.shape.freshness;
  if (currentTime() - old.trueAt >= ifErrorSeconds * secondMs) return response;
  const fields = ["request-id", "ratelimit-policy", "ratelimit"].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return respond(request, old, fields);
}

type Began = { readonly at: EpochMs; readonly forgettings: number };

async function keep({ request, answers, key }: Question, response: Response, began: Began) {
  if (request.method !== "GET" || response.status !== 200) return response;
  const etag = response.headers.get("etag");
  const shape = shapeOf(response.headers);
  if (etag === null || shape === undefined) return response;
  // Of pages that are not listed there could be any number, and they can read no answer.
  const origin = request.headers.get("origin");
  if (origin !== null && response.headers.get("access-control-allow-origin") !== origin) return response;
  const body = new Uint8Array(await response.arrayBuffer());
  answers.keep(key, { body, etag, shape, madeAt: began.at }, began.forgettings);
  return new Response(body, response);
}

/** After this answer: first it is looked, for all answers at once, whether there is any need. */
function renewAfterwards(door: Door, question: Question, { answer }: Known): void {
  const { answers, key, executionContext } = question;
  const now = currentTime();
  const isWatched = door.watch.covers(pathOfKey(key));
  if (isWatched && answers.isLooking(now)) return;
  const work =
    isWatched && answers.beginLook(now)
      ? look(door, question).then(() =>
          isStale(answer, answers.lastTrueAt(answer)) ? renew(door, question) : undefined,
        )
      : renew(door, question);
  executionContext.waitUntil(
    work.catch((error: unknown) =>
      createLog({})("warn", "a kept answer was not renewed", errorFields(error)),
    ),
  );
}

function isStale({ shape }: ReadyAnswer, trueAt: EpochMs): boolean {
  return currentTime() - trueAt >= shape.freshness.freshSeconds * secondMs;
}

async function look({ watch }: Door, question: Question): Promise<void> {
  const asked = currentTime();
  const version = await watch.readVersion(countingOf(question));
  question.answers.endLook(version, { asked, reliedOnFrom: epochMs(currentTime() + watch.lagMs) });
}

/** Has the chain make a newer answer; it was paid for by the request that found the old one. */
async function renew(door: Door, question: Question): Promise<void> {
  const { request, answers, key } = question;
  if (!answers.beginRenewal(key, currentTime())) return;
  const origin = request.headers.get("origin");
  const own = new Request(request.url, { headers: origin === null ? {} : { origin } });
  markCharged(own);
  await askChain(door, { ...question, request: own });
}

function respond(request: Request, { answer, trueAt }: Known, fields: Fields): Response {
  const { body, etag, shape } = answer;
  const isUnchanged = isAmong(request.headers.get("if-none-match") ?? undefined, etag);
  const response = new Response(isUnchanged || request.method === "HEAD" ? null : body, {
    status: isUnchanged ? 304 : 200,
    headers: isUnchanged ? shape.headersUnchanged : shape.headers,
  });
  response.headers.set("ETag", etag);
  for (const [name, value] of fields) response.headers.append(name, value);
  const ageSeconds = Math.floor((currentTime() - trueAt) / secondMs);
  if (ageSeconds > 0) response.headers.set("Age", String(ageSeconds));
  return response;
}

/** Hits are told of by one line in so long a time, with their number: a line each would cost more than the answer. */
const hitsToldEveryMs = 10 * secondMs;

let hits = 0;
let toldAt = 0;

function countHit(now: EpochMs): void {
  hits += 1;
  if (now - toldAt < hitsToldEveryMs) return;
  createLog({})("info", "answered from memory", { count: hits });
  hits = 0;
  toldAt = now;
}
