import { type EpochMs, currentTime, secondMs } from "#core/time";
import { cacheOf } from "#platform/context";
import { type Bindings, settingsOf } from "#platform/env";
import { createLog, errorFields } from "#platform/log";
import { type ReadyAnswer, type ReadyAnswers, readyAnswersOf } from "#platform/ready-answers";
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

/**
 * Gives public reads the answer that was given before, in front of everything that the chain does: a shared cache inside
 * the isolate, as RFC 9111 and RFC 5861 have it. It keeps what the chain answered with a freshness to somebody of whom
 * nothing is known. What is fresh no more is given once again while the chain makes a newer one, and later while the chain
 * cannot. Callers are counted and limited as by the chain, but what is answered here is not logged one by one.
 */
export function answerReadily(chain: Fetch): Fetch {
  return (request, bindings, executionContext) => {
    const question = questionOf(request, bindings, executionContext);
    if (question === undefined) return chain(request, bindings, executionContext);
    const { answers, key } = question;
    const known = answers.find(key);
    if (known === undefined) return askChain(chain, question);
    const { freshSeconds, whileRevalidateSeconds } = known.shape.freshness;
    const now = currentTime();
    const ageSeconds = (now - known.madeAt) / secondMs;
    if (ageSeconds >= freshSeconds + whileRevalidateSeconds) return askChain(chain, question, known);
    const verdicts = charge(question);
    // Who may ask no more is told so by the chain.
    if (verdicts === undefined) return chain(request, bindings, executionContext);
    if (ageSeconds >= freshSeconds && answers.beginRenewal(key, now)) renew(chain, question);
    countHit(now);
    const requestId = requestIdFrom(request.headers.get("request-id"), now);
    return respond(request, known, [["Request-Id", requestId], ...rateFields(verdicts)]);
  };
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

function charge({ request, bindings, executionContext }: Question) {
  const settings = settingsOf(bindings);
  const counting = {
    cache: cacheOf(settings),
    now: currentTime,
    log: createLog({}),
    afterResponse: (work: Promise<unknown>) => executionContext.waitUntil(work),
  };
  return chargeRead(counting, settings, request.headers.get("cf-connecting-ip") ?? undefined);
}

/** Asks the chain and keeps what everybody may have. When the chain cannot answer, an old answer is better than none. */
async function askChain(chain: Fetch, question: Question, old?: ReadyAnswer): Promise<Response> {
  const { request, bindings, executionContext, answers } = question;
  const began = { at: currentTime(), forgettings: answers.forgettings };
  const response = await chain(request, bindings, executionContext);
  if (response.status < 500) return keep(question, response, began);
  const ifErrorUntil = old === undefined ? 0 : old.madeAt + old.shape.freshness.ifErrorSeconds * secondMs;
  if (old === undefined || currentTime() >= ifErrorUntil) return response;
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

/** Has the chain make a newer answer after this one; it was paid for by the request that found it old. */
function renew(chain: Fetch, question: Question): void {
  const { request, executionContext } = question;
  const origin = request.headers.get("origin");
  const own = new Request(request.url, { headers: origin === null ? {} : { origin } });
  markCharged(own);
  const renewing = askChain(chain, { ...question, request: own }).catch((error: unknown) =>
    createLog({})("warn", "a kept answer was not renewed", errorFields(error)),
  );
  executionContext.waitUntil(renewing);
}

function respond(request: Request, { body, etag, shape, madeAt }: ReadyAnswer, fields: Fields): Response {
  const isUnchanged = isAmong(request.headers.get("if-none-match") ?? undefined, etag);
  const response = new Response(isUnchanged || request.method === "HEAD" ? null : body, {
    status: isUnchanged ? 304 : 200,
    headers: isUnchanged ? shape.headersUnchanged : shape.headers,
  });
  response.headers.set("ETag", etag);
  for (const [name, value] of fields) response.headers.append(name, value);
  const ageSeconds = Math.floor((currentTime() - madeAt) / secondMs);
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
