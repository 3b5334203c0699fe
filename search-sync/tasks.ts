import type { Task } from "meilisearch";
import { z } from "zod";
import type { Context } from "#platform/context";

/** Tasks that were enqueued and have not been seen to succeed: number → the products that they wrote. */
const watchKey = "search:1:tasks";

/** Tasks looked at in one sweep; the rest waits for the next. */
const tasksPerSweepMax = 200;

/**
 * Meilisearch only says that it has queued a write. Consumers do not wait for it to be done, since tasks run one after
 * the other and behind an import that may take minutes; a sweep looks later whether it failed.
 */
export async function watchTask(
  context: Context,
  task: number,
  productIds: readonly string[],
): Promise<void> {
  await context.cache.hset(watchKey, { [task]: JSON.stringify(productIds) });
}

const ProductIds = z.array(z.string());

/** The products whose writes have not been seen to succeed. */
export async function productsBeingWritten(context: Context): Promise<ReadonlySet<string>> {
  const watched = z.array(ProductIds).parse(await context.cache.hvals(watchKey));
  return new Set(watched.flat());
}

/** Looks at watched tasks, reports those that failed, has their products written again and forgets those that ended. */
export async function settleWatchedTasks(
  context: Context,
  writeAgain: (productIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const [, scanned] = await context.cache.hscan(watchKey, 0, { count: tasksPerSweepMax });
  const watched = new Map(pairsOf(scanned).slice(0, tasksPerSweepMax));
  if (watched.size === 0) return;
  const uids = [...watched.keys()];
  const { results } = await context.search.tasks.getTasks({ uids, limit: uids.length });
  const failed = results.filter(({ status }) => status === "failed" || status === "canceled");
  for (const task of failed) report(context, task);
  const productIds = new Set(failed.flatMap(({ uid }) => ProductIds.parse(watched.get(uid))));
  if (productIds.size > 0) await writeAgain([...productIds]);
  const running = new Set(results.filter(isRunning).map(({ uid }) => uid));
  const ended = uids.filter((uid) => !running.has(uid));
  if (ended.length > 0) await context.cache.hdel(watchKey, ...ended.map(String));
}

export function isRunning({ status }: Task): boolean {
  return status === "enqueued" || status === "processing";
}

function report(context: Context, { uid, type, error }: Task): void {
  const fault = new Error(`Search task ${uid} (${type}) failed: ${error?.message ?? "canceled"}`);
  context.log("error", fault.message);
  context.reportError(fault, { job: "search-sync" });
}

/** HSCAN answers with names and values in turn. */
function pairsOf(list: readonly unknown[]): [number, unknown][] {
  const pairs: [number, unknown][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) pairs.push([Number(list[index]), list[index + 1]]);
  return pairs;
}
