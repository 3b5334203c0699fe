import type { Context } from "#platform/context";
import { syncProducts } from "./apply.ts";
import { sendCanary } from "./canary.ts";
import { checkNextBucket } from "./check-drift.ts";
import { renewSettings } from "./ensure-index.ts";
import { resumeRebuild } from "./rebuild.ts";
import { settleWatchedTasks } from "./tasks.ts";

/**
 * The sweep's part: an index that was lost is made again, products whose write failed are written again, a canary tells
 * how far searches are behind, and a part of the index is compared with the catalogue.
 */
export async function tendIndex(context: Context): Promise<void> {
  await renewSettings(context);
  await settleWatchedTasks(context, (productIds) => syncProducts(context, productIds));
  await resumeRebuild(context);
  await sendCanary(context);
  await checkNextBucket(context);
}
