import { type EpochMs, currentTime, epochMs, secondMs } from "#core/time";
import { cacheOf } from "#platform/context";
import { type Bindings, type Settings, settingsOf } from "#platform/env";
import { createLog, errorFields } from "#platform/log";
import {
  type ReadyAnswer,
  type ReadyAnswers,
  believedMsMax,
  pathOfKey,
  readyAnswersOf,
} from "#platform/ready-answers";
import type { Counting } from "#platform/traffic";
import { shapeOf } from "./answer-shape.ts";
import { subjectOf } from "./answer-subject.ts";
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
  readonly hearing: Hearing;
  readonly answers: ReadyAnswers;
  /** All that the answer depends on: the target without its version, and the page's origin. */
  readonly key: string;
};

type Fields = readonly (readonly [name: string, value: string])[];

/** Hears of what has changed at less cost than making answers anew. */
type Watch = {
  /** Whether every change of what a path shows is heard of. */
  readonly covers: (path: string) => boolean;
  /** Whether all changes up to two seconds ago have been heard, and are no longer among the answers. */
  readonly follow: (hearing: Hearing) => boolean | Promise<boolean>;
  readonly heardUntil: () => EpochMs;
};

/** What counting callers and hearing of changes need. */
type Hearing = Counting & { readonly settings: Settings; readonly bindings: Bindings };

type Door = { readonly chain: Fetch; readonly watch: Watch };

/** An answer, when it was last known to be true, and whether it may be given while a newer one is made. */
type Known = { readonly answer: ReadyAnswer; readonly trueAt: EpochMs; readonly mayLinger: boolean };

/**
 * Gives public reads the answer that was given before, in front of everything that the chain does: a shared cache inside
 * the isolate, as RFC 9111 and RFC 5861 have it. It keeps what the chain answered with a freshness to somebody of whom
 * nothing is known. What is announced when it changes is good until that is heard, and given to nobody for longer than
 * its freshness afterwards; whoever comes first after a silence waits until it is known what was announced meanwhile.
 * What else is fresh no more, or all while nobody can tell of changes, is given once again while a newer one is made;
 * and later while the chain cannot make any. Callers are counted and limited as by the chain, but what is answered here
 * is not logged one by one.
 */
export function answerReadily(chain: Fetch, watch: Watch): Fetch {
  const door = { chain, watch };
  return (request, bindings, executionContext) => {
    const question = questionOf(request, bindings, executionContext);
    if (question === undefined) return chain(request, bindings, executionContext);
    if (question.answers.find(question.key) === undefined) return askChain(door, question);
    if (!watch.covers(pathOfKey(question.key))) return answer(door, question, false);
    const isHeard = watch.follow(question.hearing);
    return typeof isHeard === "boolean"
      ? answer(door, question, isHeard)
      : isHeard.then((heard) => answer(door, question, heard));
  };
}

function answer(door: Door, question: Question, isHeard: boolean): Response | Promise<Response> {
  const { request, bindings, executionContext, hearing } = question;
  const known = findKnown(door, question, isHeard);
  if (known === undefined) return askChain(door, question);
  const { freshSeconds, whileRevalidateSeconds } = known.answer.shape.freshness;
  const now = currentTime();
  const ageSeconds = (now - known.trueAt) / secondMs;
  const lingersSeconds = known.mayLinger ? whileRevalidateSeconds : 0;
  if (ageSeconds >= freshSeconds + lingersSeconds) return askChain(door, question, known);
  const address = request.headers.get("cf-connecting-ip") ?? undefined;
  const verdicts = chargeRead(hearing, hearing.settings, address);
  // Who may ask no more is told so by the chain.
  if (verdicts === undefined) return door.chain(request, bindings, executionContext);
  if (ageSeconds >= freshSeconds) renewAfterwards(door, question);
  countHit(now);
  const requestId = requestIdFrom(request.headers.get("request-id"), now);
  return respond(request, known, [["Request-Id", requestId], ...rateFields(verdicts)]);
}

function findKnown({ watch }: Door, { answers, key }: Question, isHeard: boolean): Known | undefined {
  const kept = answers.find(key);
  if (kept === undefined) return undefined;
  if (!isHeard) return { answer: kept, trueAt: kept.madeAt, mayLinger: true };
  if (!answers.isBelieved(kept)) return { answer: kept, trueAt: kept.madeAt, mayLinger: false };
  const until = Math.min(watch.heardUntil(), kept.madeAt + believedMsMax);
  return { answer: kept, trueAt: epochMs(Math.max(kept.madeAt, until)), mayLinger: true };
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
  const hearing = hearingOf(bindings, executionContext);
  return { request, bindings, executionContext, hearing, answers: readyAnswersOf(bindings), key };
}

/** Path and query, of `/v1/…` as of its alias. */
function targetOf(url: string): string {
  const start = url.indexOf("/", "https://".length);
  return url.slice(url.startsWith("/v1/", start) ? start + "/v1".length : start);
}

function hearingOf(bindings: Bindings, executionContext: ExecutionContext): Hearing {
  const settings = settingsOf(bindings);
  return {
    bindings,
    settings,
    cache: cacheOf(settings),
    now: currentTime,
    log: logOfNobody,
    afterResponse: (work) => executionContext.waitUntil(work),
  };
}

const logOfNobody = createLog({});

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
  const subject = subjectOf(request);
  answers.keep(key, { body, etag, shape, madeAt: began.at, subject }, began.forgettings);
  return new Response(body, response);
}

function renewAfterwards(door: Door, question: Question): void {
  const work = renew(door, question).catch((error: unknown) =>
    logOfNobody("warn", "a kept answer was not renewed", errorFields(error)),
  );
  question.executionContext.waitUntil(work);
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
  logOfNobody("info", "answered from memory", { count: hits });
  hits = 0;
  toldAt = now;
}
