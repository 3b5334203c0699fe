import { type EpochMs, epochMs, minuteMs, secondMs } from "#core/time";
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
};

/** Headers without the ETag, with a body and without one, and the freshness that they promise. */
export type AnswerShape = {
  readonly headers: Headers;
  readonly headersUnchanged: Headers;
  readonly freshness: Freshness;
};

type Kept = { readonly answer: ReadyAnswer; renewalBegan: number };

/** A time in which everything that watched answers are made of had one version, as far as it was looked at. */
type Period = { readonly version: string; readonly since: EpochMs; until: EpochMs };

/** The present period and the one before, whose answers are known to have been true then. */
const periodsMax = 2;

/** So many answers at most, and so many bytes of bodies: an isolate has 128 MiB for everything. */
const answersMax = 10_000;
const bytesMax = 24 * 1024 * 1024;
/** A body of more bytes is not kept. */
const answerBytesMax = 512 * 1024;
/** What an answer needs beside its body. */
const overheadBytes = 500;
/** The version of what answers are made of is looked at once in so long a time at most. */
const lookPauseMs = secondMs;
/** However quiet it is, so long after it was made an answer is made anew. */
const watchedMsMax = minuteMs;
/** After so long a renewal counts as lost: the runtime may have cancelled the request that it belonged to. */
const renewalMsMax = 10 * secondMs;

/** The answers that this isolate keeps: by target, those made longest ago making room. */
export class ReadyAnswers {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  /** The newest first. */
  #periods: Period[] = [];
  #look = { began: 0, isOver: true };
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

  /** Whether the caller is the one to look at the version: nobody else has just looked. */
  beginLook(now: EpochMs): boolean {
    if (now - this.#look.began < lookPauseMs) return false;
    this.#look = { began: now, isOver: false };
    return true;
  }

  isLooking(now: EpochMs): boolean {
    return !this.#look.isOver && now - this.#look.began < renewalMsMax;
  }

  /** @param version of what answers are made of, if it was told; an answer begun from then on is of this version. */
  endLook(version: string | undefined, when: { asked: EpochMs; reliedOnFrom: EpochMs }): void {
    this.#look = { ...this.#look, isOver: true };
    if (version === undefined) return;
    const [present] = this.#periods;
    if (present?.version === version) present.until = when.asked;
    else {
      const begun = { version, since: when.reliedOnFrom, until: when.asked };
      this.#periods = [begun, ...this.#periods].slice(0, periodsMax);
    }
  }

  /** When an answer of a watched path was last known to be true: when made, or when nothing was seen to have changed. */
  lastTrueAt({ madeAt }: ReadyAnswer): EpochMs {
    const until = this.#periods.find(({ since }) => madeAt >= since)?.until ?? madeAt;
    return epochMs(Math.max(madeAt, Math.min(until, madeAt + watchedMsMax)));
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
