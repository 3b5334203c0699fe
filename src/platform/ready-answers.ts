import { type EpochMs, minuteMs, secondMs } from "#core/time";
import type { Bindings } from "./env.ts";

/** For how long a public answer may be given again, by whoever keeps it: RFC 9111 and RFC 5861. */
export type Freshness = {
  readonly freshSeconds: number;
  /** Beyond that, while a newer one is fetched. */
  readonly whileRevalidateSeconds: number;
  /** Beyond that, while none can be made. */
  readonly ifErrorSeconds: number;
};

/** A finished answer that is the same for everybody. */
export type ReadyAnswer = {
  readonly body: Uint8Array;
  readonly etag: string;
  /** What it has in common with others of its kind, which share one object. */
  readonly shape: AnswerShape;
  readonly madeAt: EpochMs;
  /** What alone it is made of; undefined for a view over many. */
  readonly subject?: string | undefined;
};

/** Headers without the ETag, with a body and without one, and the freshness that they promise. */
export type AnswerShape = {
  readonly headers: Headers;
  readonly headersUnchanged: Headers;
  readonly freshness: Freshness;
};

type Kept = { readonly answer: ReadyAnswer; renewalBegan: number };

/** So many answers at most, and so many bytes of bodies: an isolate has 128 MiB for everything. */
const answersMax = 10_000;
const bytesMax = 24 * 1024 * 1024;
/** A body of more bytes is not kept. */
const answerBytesMax = 512 * 1024;
/** What an answer needs beside its body. */
const overheadBytes = 500;
/** An answer that was begun so shortly after a change may have been made of what was remembered from before it. */
const doubtedMs = 3 * secondMs;
/** Subjects whose answers are doubted at a time. */
const doubtsMax = 10_000;
/** However quiet it is, so long after it was made an answer is believed no more. */
export const believedMsMax = minuteMs;
/** After so long a renewal counts as lost: the runtime may have cancelled the request that it belonged to. */
const renewalMsMax = 10 * secondMs;

/** The answers that this isolate keeps: by target, those made longest ago making room. */
export class ReadyAnswers {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  /** Answers that were made before these times may not show the latest change, of one subject or of any. */
  readonly #doubted = new Map<string, number>();
  #viewsDoubted = 0;
  #believesFrom = Infinity;
  /** Grows when something is forgotten: an answer that was begun before may show what was then. */
  #forgettings = 0;

  get forgettings(): number {
    return this.#forgettings;
  }

  find(key: string): ReadyAnswer | undefined {
    return this.#kept.get(key)?.answer;
  }

  /** @param forgettings their number when the answer was begun; it is not kept when there were others meanwhile. */
  keep(key: string, answer: ReadyAnswer, forgettings: number): void {
    if (forgettings !== this.#forgettings || answer.body.length > answerBytesMax) return;
    this.#drop(key);
    this.#kept.set(key, { answer, renewalBegan: 0 });
    this.#bytes += sizeOf(answer);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= bytesMax && this.#kept.size <= answersMax) return;
      this.#drop(oldest);
    }
  }

  /** Whether the caller is the one to renew this answer; another may try when it takes too long. */
  beginRenewal(key: string, now: EpochMs): boolean {
    const kept = this.#kept.get(key);
    if (kept === undefined || now - kept.renewalBegan < renewalMsMax) return false;
    kept.renewalBegan = now;
    return true;
  }

  /** These subjects have changed, and with them, or by itself, some view over many. */
  hear(subjects: ReadonlySet<string>, now: EpochMs): void {
    this.#viewsDoubted = now + doubtedMs;
    for (const subject of subjects) {
      this.#doubted.delete(subject);
      this.#doubted.set(subject, now + doubtedMs);
    }
    for (const [subject, until] of this.#doubted)
      if (this.#doubted.size > doubtsMax || until <= now - believedMsMax) this.#doubted.delete(subject);
      else break;
    if (subjects.size === 0) return;
    this.#forgettings += 1;
    for (const [key, { answer }] of this.#kept)
      if (answer.subject !== undefined && subjects.has(answer.subject)) this.#drop(key);
  }

  /** Some changes were missed. */
  beginAnew(believesFrom: EpochMs): void {
    this.#believesFrom = believesFrom;
  }

  /** Whether nothing was heard since an answer was made, or shortly before, that it might not show. */
  isBelieved({ madeAt, subject }: ReadyAnswer): boolean {
    const doubted = subject === undefined ? this.#viewsDoubted : (this.#doubted.get(subject) ?? 0);
    return madeAt >= doubted && madeAt >= this.#believesFrom;
  }

  /** Forgets the answers of these paths, whatever their query. */
  forget(paths: ReadonlySet<string>): void {
    this.#forgettings += 1;
    for (const key of this.#kept.keys()) if (paths.has(pathOfKey(key))) this.#drop(key);
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#bytes -= sizeOf(kept.answer);
    this.#kept.delete(key);
  }
}

/** The path in a key, which begins with a target. */
export function pathOfKey(key: string): string {
  return /^[^? ]*/.exec(key)?.[0] ?? key;
}

function sizeOf({ body }: ReadyAnswer): number {
  return body.length + overheadBytes;
}

const byBindings = new WeakMap<Bindings, ReadyAnswers>();

/** What this isolate keeps ready for a deployment. */
export function readyAnswersOf(bindings: Bindings): ReadyAnswers {
  const known = byBindings.get(bindings);
  if (known !== undefined) return known;
  const made = new ReadyAnswers();
  byBindings.set(bindings, made);
  return made;
}
