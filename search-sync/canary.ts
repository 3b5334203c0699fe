import { z } from "zod";
import { epochMs, secondMs } from "#core/time";
import type { RecordedEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";

/*
 * A canary goes the way of every change: outbox, consumer, Meilisearch's queue of tasks. How long it needs is how far
 * searches are behind, also while nobody changes anything, and it tells that the way is broken before a buyer does.
 */

const canaryIndex = "canary";
const stateKey = "search:1:canary";

/** The next one sets out so long after the one before, once that has arrived. */
const intervalMs = 20 * secondMs;
/** A canary that is on its way for longer is told to operators. */
const alarmMs = 120 * secondMs;

const State = z.object({
  set_out: z.number().transform(epochMs),
  task: z.number().nullable(),
  /** What this one needed, or undefined while it is on its way. */
  arrived_ms: z.number().nullable(),
  /** What the one before needed. */
  earlier_ms: z.number().nullable(),
});
type State = z.infer<typeof State>;

export type CanaryReport = { readonly seconds: number | null; readonly waiting_seconds: number };

/** The sweep's part: looks after the canary on its way, and sends the next one. */
export async function sendCanary(context: Context): Promise<void> {
  const state = await lookForCanary(context);
  const now = context.now();
  if (state !== undefined && now - state.set_out < intervalMs) return;
  if (state !== undefined && state.arrived_ms === null) {
    if (now - state.set_out > alarmMs) tellLate(context, now - state.set_out);
    // Its event cannot be lost, and a task that failed is replaced by the next canary's.
    if (state.task === null || now - state.set_out <= alarmMs) return;
  }
  const earlier = state?.arrived_ms ?? state?.earlier_ms ?? null;
  await keep(context, { set_out: now, task: null, arrived_ms: null, earlier_ms: earlier });
  const data = { set_out: now };
  await insertEvents(context, [{ type: "search.canary", subject: "search-canary", data }]);
  context.wakeOutbox();
}

/** The consumer's part: writes it into an index of its own, behind whatever waits there. */
export async function writeCanary(context: Context, { data }: RecordedEvent<"search.canary">): Promise<void> {
  const { taskUid } = await context.search
    .index(canaryIndex)
    .addDocuments([{ id: "canary", set_out: data.set_out }], { primaryKey: "id" });
  const state = await read(context);
  if (state?.set_out === data.set_out) await keep(context, { ...state, task: taskUid });
}

/** What the last canary needed, and for how long the present one has been on its way. */
export async function readCanary(context: Context): Promise<CanaryReport> {
  const state = await lookForCanary(context);
  if (state === undefined) return { seconds: null, waiting_seconds: 0 };
  const needed = state.arrived_ms ?? state.earlier_ms;
  return {
    seconds: needed === null ? null : needed / secondMs,
    waiting_seconds: state.arrived_ms === null ? (context.now() - state.set_out) / secondMs : 0,
  };
}

async function lookForCanary(context: Context): Promise<State | undefined> {
  const state = await read(context);
  if (state === undefined || state.task === null || state.arrived_ms !== null) return state;
  const { status, finishedAt } = await context.search.tasks.getTask(state.task);
  if (status !== "succeeded" || finishedAt === null) return state;
  const arrived = { ...state, arrived_ms: Math.max(0, new Date(finishedAt).getTime() - state.set_out) };
  await keep(context, arrived);
  return arrived;
}

async function read(context: Context): Promise<State | undefined> {
  const state = await context.cache.get(stateKey);
  return state === null ? undefined : State.parse(state);
}

async function keep(context: Context, state: State): Promise<void> {
  await context.cache.set(stateKey, state);
}

function tellLate(context: Context, ms: number): void {
  const fault = new Error(`Searches are behind the catalogue by ${Math.round(ms / secondMs)} s or more`);
  context.log("error", fault.message);
  context.reportError(fault, { job: "search-canary" });
}
