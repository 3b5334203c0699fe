import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { epochMs, secondMs, toTimestamp } from "#core/time";
import { readProductDocumentsAfter } from "#features/catalog/read-product-document";
import { productIndex } from "#features/search/document";
import type { RebuildJob, RebuildReport, RebuildStep } from "#features/search/rebuild-schema";
import { readAllSynonyms } from "#features/search/synonyms";
import type { Context } from "#platform/context";
import { renewSettings } from "./ensure-index.ts";
import { indexSettingsWith } from "./index-settings.ts";
import {
  type RebuildState,
  beginState,
  endState,
  keepState,
  nextIndex,
  readRebuildOutcome,
  readRebuildState,
} from "./rebuild-state.ts";
import { withRebuildLock } from "./rebuild-lock.ts";
import { isRunning } from "./tasks.ts";
import { writeProducts } from "./write-products.ts";

const productsPerPage = 200;
/** Pause before looking again whether Meilisearch has come so far. */
const lookAgainSeconds = 1;
/** A step that was asked for so long ago has been lost with its message or its process. */
const askAgainMs = 10 * secondMs;
/**
 * For so long a step that died keeps the next one out. A page that is written twice does no harm; two swaps would, and
 * each of their requests has its deadline.
 */
const lockSeconds = { page: 10, swap: 30, finish: 30 } as const satisfies Record<RebuildStep["step"], number>;

/**
 * Begins to fill a new index, which takes the searched one's place when it is complete. The state comes first: from then
 * on whatever changes is written to both, so that the pages may be read at leisure and nothing is lost.
 * @throws AppError conflict while another rebuild runs, dependency_unavailable when Meilisearch does not answer.
 */
export async function startRebuild(context: Context): Promise<RebuildReport> {
  await renewSettings(context).catch(refuseUnanswered);
  const startedAt = context.now();
  const id = newId("searchRebuild", startedAt);
  const begun: RebuildState = {
    id,
    startedAt,
    firstTask: null,
    lastTask: null,
    indexed: 0,
    next: { step: "page", after: "" },
    turn: 0,
    askedAt: startedAt,
  };
  if (!(await beginState(context, begun)))
    throw new AppError("conflict", {
      detail: "A rebuild is under way; GET /admin/search/rebuild tells how far.",
    });
  try {
    const settings = indexSettingsWith(await readAllSynonyms(context));
    const { taskUid: firstTask } = await context.search.deleteIndex(nextIndex);
    const { taskUid: lastTask } = await context.search.index(nextIndex).updateSettings(settings);
    await moveOn(context, { ...begun, firstTask, lastTask }, begun.next);
  } catch (error) {
    await fail(context, begun);
    refuseUnanswered(error);
  }
  return readRebuild(context);
}

function refuseUnanswered(cause: unknown): never {
  throw new AppError("dependency_unavailable", {
    detail: "The search server did not answer, and no rebuild has begun. Try again.",
    retryAfterSeconds: 2,
    cause,
  });
}

export async function readRebuild(context: Context): Promise<RebuildReport> {
  const [state, last] = await Promise.all([readRebuildState(context), readRebuildOutcome(context)]);
  return {
    running:
      state === undefined
        ? null
        : { id: state.id, started_at: toTimestamp(epochMs(state.startedAt)), indexed: state.indexed },
    last:
      last === undefined
        ? null
        : {
            id: last.id,
            outcome: last.outcome,
            indexed: last.indexed,
            ended_at: toTimestamp(epochMs(last.endedAt)),
          },
  };
}

/**
 * Does one bounded step and asks the queue for the next. Each step has a number, so that a message that comes twice, late
 * or to a rebuild that is over does nothing; two steps never run at once.
 */
export async function proceedWithRebuild(context: Context, job: RebuildJob): Promise<void> {
  if (job.kind === "start") return startUnlessRunning(context);
  const state = await readRebuildState(context);
  if (state === undefined || state.id !== job.rebuild_id) return;
  await withRebuildLock(context, lockSeconds[state.next.step], async () => {
    const current = await readRebuildState(context);
    if (current === undefined || current.id !== job.rebuild_id || current.turn !== job.turn) return;
    await take(context, current);
  });
}

/** The sweep's part: asks again for a step whose message or process was lost. */
export async function resumeRebuild(context: Context): Promise<void> {
  const state = await readRebuildState(context);
  if (state === undefined || context.now() - state.askedAt < askAgainMs) return;
  if (state.firstTask === null) return fail(context, state);
  if (await keepState(context, { ...state, askedAt: context.now() })) await publish(context, state);
}

async function startUnlessRunning(context: Context): Promise<void> {
  if ((await readRebuildState(context)) === undefined) await startRebuild(context);
}

async function take(context: Context, state: RebuildState): Promise<void> {
  const { next } = state;
  if (next.step === "page") await writePage(context, state, next.after);
  else if (next.step === "swap") await swap(context, state);
  else await finish(context, state, next.task);
}

/** Keeps what was done together with what comes next, and asks for that. */
async function moveOn(
  context: Context,
  state: RebuildState,
  next: RebuildStep,
  delaySeconds = 0,
): Promise<void> {
  const moved = { ...state, next, turn: state.turn + 1, askedAt: context.now() };
  if (await keepState(context, moved)) await publish(context, moved, delaySeconds);
}

async function writePage(context: Context, state: RebuildState, after: string): Promise<void> {
  const products = await readProductDocumentsAfter(context, after, productsPerPage);
  const productIds = products.map(({ id }) => id);
  const place = { indexes: [nextIndex], generation: state.id, isRebuilding: true };
  const known = { place, products: new Map(products.map((product) => [product.id, product])) };
  const { lastTask } = await writeProducts(context, { productIds, known, readPlace: async () => place });
  const last = productIds.at(-1);
  const isComplete = last === undefined || products.length < productsPerPage;
  await moveOn(
    context,
    { ...state, lastTask: lastTask ?? state.lastTask, indexed: state.indexed + products.length },
    isComplete ? { step: "swap" } : { step: "page", after: last },
  );
}

/**
 * Exchanges the two indexes once the last page is in. A swap that was asked for before is not asked for again, since two
 * would bring the old index back.
 */
async function swap(context: Context, state: RebuildState): Promise<void> {
  if (state.lastTask !== null && isRunning(await context.search.tasks.getTask(state.lastTask)))
    return moveOn(context, state, state.next, lookAgainSeconds);
  const asked = await findSwap(context, state);
  if (asked === undefined && (await hasFailedWrites(context, state))) return fail(context, state);
  // The state must have existed all the time, or writers have not written to both indexes.
  if (asked === undefined && !(await keepState(context, state))) return;
  const task = asked ?? (await enqueueSwap(context));
  await moveOn(context, state, { step: "finish", task }, lookAgainSeconds);
}

async function enqueueSwap(context: Context): Promise<number> {
  const indexes: [string, string] = [productIndex, nextIndex];
  return (await context.search.swapIndexes([{ indexes, rename: false }])).taskUid;
}

async function findSwap(context: Context, state: RebuildState): Promise<number | undefined> {
  const { results } = await context.search.tasks.getTasks({ types: ["indexSwap"], limit: 1 });
  return results.map(({ uid }) => uid).find((uid) => uid > (state.firstTask ?? 0));
}

async function hasFailedWrites(context: Context, state: RebuildState): Promise<boolean> {
  const { results } = await context.search.tasks.getTasks({
    indexUids: [nextIndex],
    statuses: ["failed", "canceled"],
    types: ["documentAdditionOrUpdate", "documentDeletion", "settingsUpdate"],
    limit: 1,
  });
  return results.some(({ uid }) => uid > (state.firstTask ?? 0));
}

/** Removes the old index, which carries the next one's name since the swap, and lets writers forget it. */
async function finish(context: Context, state: RebuildState, swapTask: number): Promise<void> {
  const task = await context.search.tasks.getTask(swapTask);
  if (isRunning(task)) return moveOn(context, state, state.next, lookAgainSeconds);
  if (task.status !== "succeeded") return fail(context, state);
  await context.search.deleteIndex(nextIndex);
  const { id, indexed } = state;
  await endState(context, { id, indexed, outcome: "finished", endedAt: context.now() });
  context.log("info", `the search index was rebuilt with ${indexed} products`);
}

async function fail(context: Context, state: RebuildState): Promise<void> {
  const { id, indexed } = state;
  await endState(context, { id, indexed, outcome: "failed", endedAt: context.now() });
  const fault = new Error(`The rebuild ${id} of the search index failed; Meilisearch's tasks say why`);
  context.log("error", fault.message);
  context.reportError(fault, { job: "search-rebuild" });
}

function publish(context: Context, { id, turn }: RebuildState, delaySeconds = 0): Promise<void> {
  const job: RebuildJob = { kind: "proceed", rebuild_id: id, turn };
  return context.queue.publish({
    path: "/jobs/search-rebuild",
    body: job,
    delaySeconds,
    traceparent: context.traceparent,
  });
}
