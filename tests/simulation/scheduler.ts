import { type EpochMs, epochMs } from "#core/time";

type Scheduled = { at: number; order: number; run: () => void };

/** Turns of the microtask queue after an event: enough for a flow to reach its next call. */
const turnsPerEvent = 8;
/** Turns after which nothing is under way any more when no event is left. */
const turnsAtRest = 60;

/** The only clock of a history and the order of all that happens in it: no timers, no wall clock. */
export class Scheduler {
  readonly #heap: Scheduled[] = [];
  #now = 1_700_000_000_000;
  #scheduled = 0;
  #stirred = false;
  eventCount = 0;

  get now(): EpochMs {
    return epochMs(this.#now);
  }

  /** Whether nothing else is going to happen by itself. */
  get isIdle(): boolean {
    return this.#heap.length === 0;
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ at: this.#now + delayMs, order: this.#scheduled++, run });
  }

  /** As {@link after}, for what lets a waiting flow go on. */
  wakeAfter(delayMs: number, wake: () => void): void {
    this.after(delayMs, () => {
      this.#stirred = true;
      wake();
    });
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.wakeAfter(delayMs, resolve);
    });
  }

  /** Lets everything happen that is going to; what an event throws ends the history. */
  async runToRest(eventsMax: number, afterEach: () => void): Promise<"rest" | "too_many_events"> {
    for (;;) {
      const next = this.#pop();
      if (next === undefined) {
        await turns(turnsAtRest);
        afterEach();
        if (this.isIdle) return "rest";
        continue;
      }
      if (++this.eventCount > eventsMax) return "too_many_events";
      this.#now = next.at;
      next.run();
      if (this.#stirred) {
        this.#stirred = false;
        await turns(turnsPerEvent);
        afterEach();
      }
    }
  }

  #push(item: Scheduled): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, item)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  #pop(): Scheduled | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const goRight = right !== undefined && left !== undefined && isBefore(right, left);
      const child = goRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      heap[index] = child;
      index = 2 * index + (goRight ? 2 : 1);
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(left: Scheduled, right: Scheduled): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

const turn = Promise.resolve();

async function turns(count: number): Promise<void> {
  for (let taken = 0; taken < count; taken++) await turn;
}
