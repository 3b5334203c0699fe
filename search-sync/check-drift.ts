import { z } from "zod";
import { toTimestamp } from "#core/time";
import type { RebuildJob } from "#features/search/rebuild-schema";
import type { DriftReport } from "#features/search/status-schema";
import type { Context } from "#platform/context";
import { syncProducts } from "./apply.ts";
import {
  type Stamps,
  awaitedProducts,
  digestOf,
  elsewhere,
  indexedStamps,
  refuseUnanswered,
  trueDigests,
  trueStamps,
} from "./drift-facts.ts";
import { readRebuildState } from "./rebuild-state.ts";
import { buckets, documentShape, isOfOldShape } from "./stamp.ts";
import { productsBeingWritten } from "./tasks.ts";

const allBuckets = [...buckets, elsewhere];
const turnKey = "search:1:drift:turn";
const totalsKey = "search:1:drift:totals";

/** Products repaired in one write. */
const repairBatchMax = 200;

/** Compares the whole index with the catalogue and writes anew what differs. */
export async function checkDrift(context: Context): Promise<DriftReport> {
  return checkBuckets(context, allBuckets);
}

/** The sweep's part: one bucket at a time, so that within half an hour or so everything has been compared. */
export async function checkNextBucket(context: Context): Promise<void> {
  const turn = await context.cache.incr(turnKey);
  const bucket = allBuckets[turn % allBuckets.length];
  if (bucket !== undefined) await checkBuckets(context, [bucket]);
}

async function checkBuckets(context: Context, wanted: readonly string[]): Promise<DriftReport> {
  const digests = await trueDigests(context, wanted);
  const report = { buckets: wanted.length, products: 0, waiting: 0, repaired: 0 };
  for (const bucket of wanted) {
    const { digest, products = 0 } = digests.get(bucket) ?? {};
    report.products += products;
    const indexed = await indexedStamps(context, bucket);
    const isEqual = digest === undefined ? indexed.size === 0 : digest === (await digestOf(indexed));
    if (isEqual) continue;
    if ([...indexed.values()].some(isOfOldShape)) {
      await askForRebuild(context);
      continue;
    }
    const { lost, waiting } = await lookTwice(context, bucket);
    report.waiting += waiting;
    for (let start = 0; start < lost.length; start += repairBatchMax)
      await syncProducts(context, lost.slice(start, start + repairBatchMax)).catch(refuseUnanswered);
    report.repaired += lost.length;
  }
  await remember(context, report);
  return report;
}

/** Documents of an earlier release are no drift: all are made anew at once. */
async function askForRebuild(context: Context): Promise<void> {
  if ((await readRebuildState(context)) !== undefined) return;
  await context.queue.publish({
    path: "/jobs/search-rebuild",
    body: { kind: "start" } satisfies RebuildJob,
    deduplicationId: `search-shape-${documentShape}`,
  });
}

/**
 * Products that differ in two looks, the same way, and of which nobody is about to tell the index. What differs once may
 * have changed between the reading of the one and of the other.
 */
async function lookTwice(context: Context, bucket: string): Promise<{ lost: string[]; waiting: number }> {
  const first = await differencesIn(context, bucket);
  if (first.size === 0) return { lost: [], waiting: 0 };
  const ids = [...first.keys()];
  const [awaited, written] = await Promise.all([
    awaitedProducts(context, ids),
    productsBeingWritten(context),
  ]);
  const second = await differencesIn(context, bucket);
  const same = ids.filter((id) => first.get(id) === second.get(id));
  const lost = same.filter((id) => !awaited.has(id) && !written.has(id));
  return { lost, waiting: same.length - lost.length };
}

/** By product id what both sides say, where that is not the same. */
async function differencesIn(context: Context, bucket: string): Promise<ReadonlyMap<string, string>> {
  const indexed = await indexedStamps(context, bucket);
  const known: Stamps = await trueStamps(context, bucket);
  const differences = new Map<string, string>();
  for (const id of new Set([...indexed.keys(), ...known.keys()])) {
    const [there, here] = [indexed.get(id), known.get(id)];
    if (there !== here) differences.set(id, `${there} ${here}`);
  }
  return differences;
}

async function remember(context: Context, report: DriftReport): Promise<void> {
  await context.cache.hset(totalsKey, { checked_at: toTimestamp(context.now()) });
  if (report.repaired === 0) return;
  await context.cache.hincrby(totalsKey, "repaired", report.repaired);
  const fault = new Error(`${report.repaired} products in the search index were not as in the catalogue`);
  context.log("error", fault.message);
  context.reportError(fault, { job: "search-drift" });
}

const Totals = z
  .object({ checked_at: z.string().nullable().default(null), repaired: z.coerce.number().default(0) })
  .nullable();

/** When a comparison last ended, and how many products all of them have repaired so far. */
export async function readDriftTotals(
  context: Context,
): Promise<{ checked_at: string | null; repaired: number }> {
  const totals = Totals.parse(await context.cache.hgetall(totalsKey));
  return totals ?? { checked_at: null, repaired: 0 };
}
