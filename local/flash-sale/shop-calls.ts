import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

export type Shop = { api: string; stripe: string; adminToken: string };

const PAUSE_MS_FIRST = 50;
const PAUSE_MS_MAX = 1_000;
const ANSWER_MS_MAX = 30_000;
const PATIENCE_MS_MAX = 120_000;

export type Call = {
  method?: string;
  json?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
};
export type Answer = {
  status: number;
  body: unknown;
  tookMs: number;
  /** Times that it was asked before and may have been decided, without a word of it. */
  lost: number;
};

/** Nobody answered for so long that the buyer has given up. */
export class Unanswered extends Error {}

/** A call without an answer, or with a fault of the server, is made again with the same key until it is decided. */
export async function insist(url: string, call: Call = {}): Promise<Answer> {
  const deadline = performance.now() + PATIENCE_MS_MAX;
  let pauseMs = PAUSE_MS_FIRST;
  for (let lost = 0; ;) {
    const answer = await tryOnce(url, call);
    if (answer !== undefined && !mayComeRight(answer)) return { ...answer, lost };
    if (performance.now() > deadline)
      throw new Unanswered(`${url}: ${JSON.stringify(answer?.body ?? "no answer")}`);
    if (answer === undefined || answer.status >= 500) lost++;
    await sleep(pauseMs * (0.5 + Math.random() / 2));
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
  }
}

function mayComeRight({ status, body }: Pick<Answer, "status" | "body">): boolean {
  return status >= 500 || status === 429 || Retryable.safeParse(body).success;
}

const Retryable = z.object({ retryable: z.literal(true) });

async function tryOnce(url: string, { method = "GET", json, form, headers = {} }: Call) {
  const startedAt = performance.now();
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: { ...headers, ...(json === undefined ? {} : { "content-type": "application/json" }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, body, tookMs: performance.now() - startedAt };
  } catch (fault) {
    // The connection was cut, which is what kills do, or nobody answered in time.
    if (fault instanceof TypeError || fault instanceof SyntaxError) return undefined;
    if (fault instanceof DOMException && fault.name === "TimeoutError") return undefined;
    throw fault;
  }
}

/** @throws Error with the whole answer where it is none of the expected. */
export function expectAnswer<Output>(answer: Answer, status: number, schema: z.ZodType<Output>): Output {
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return schema.parse(answer.body);
}
