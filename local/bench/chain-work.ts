import { randomUUID } from "node:crypto";
import { type CallCounts, type CallKind, callKinds } from "./count-calls.ts";
import type { ObjectCommits } from "./object-commits.ts";

/** What one operation makes of calls and commits, on average. */
export type Chain = {
  calls: CallCounts;
  objectCommits: ObjectCommits;
  /** How many SKUs there are to choose from: each has an object, whoever buys it. */
  skus: number;
};

/** One call of an object: what it writes is one commit, and the alarm that it sets with it another. */
type Step = { setsAlarm: boolean };

/** What a bare Worker does for one request, all at once but for the calls of one object. */
export type RequestWork = {
  calls: Partial<Record<CallKind, number>>;
  /** By the object's name. */
  objects: Record<string, Step[]>;
};

/** The objects of this class outlive an operation; of any other each operation has a new one. */
const SKU_CLASS = "InventoryObject";

const ALARMS = " alarms";

/** Tells for one operation after the other what each of its requests does; on average as much as the chain says. */
export function planWork({ calls, objectCommits, skus }: Chain): (requests: number) => RequestWork[] {
  const kinds = callKinds.map((kind) => ({ kind, due: inWholes(calls[kind]) }));
  const classes = Object.keys(objectCommits)
    .filter((name) => !name.endsWith(ALARMS))
    .map((name) => ({
      nameOf: name === SKU_CLASS ? () => `sku-${Math.floor(Math.random() * skus)}` : randomUUID,
      writes: inWholes(objectCommits[name] ?? 0),
      alarms: inWholes(objectCommits[name + ALARMS] ?? 0),
    }));
  return (requests) => {
    const work = Array.from({ length: requests }, (): RequestWork => ({ calls: {}, objects: {} }));
    const due = kinds.flatMap((each) => Array.from({ length: each.due() }, () => each.kind));
    for (const { item: kind, to } of deal(due, work)) to.calls[kind] = (to.calls[kind] ?? 0) + 1;
    for (const { nameOf, writes, alarms } of classes) {
      const name = nameOf();
      for (const { item, to } of deal(stepsOf(writes(), alarms()), work)) {
        const steps = (to.objects[name] ??= []);
        steps.push(item);
      }
    }
    return work;
  };
}

function stepsOf(writes: number, alarms: number): Step[] {
  return Array.from({ length: writes }, (_, index) => ({ setsAlarm: index < alarms }));
}

/** Pairs the items with the receivers, in turn. */
function* deal<Item, Receiver>(
  items: readonly Item[],
  receivers: readonly Receiver[],
): Generator<{ item: Item; to: Receiver }> {
  for (const [index, item] of items.entries()) {
    const to = receivers[index % receivers.length];
    if (to !== undefined) yield { item, to };
  }
}

/** Sums of fractions come a little short of the whole. */
const ROUNDING = 1e-9;

/** Whole numbers whose sum is never a whole behind as many times the given one. */
function inWholes(average: number): () => number {
  let owed = 0;
  return () => {
    owed += average;
    const whole = Math.floor(owed + ROUNDING);
    owed -= whole;
    return whole;
  };
}
