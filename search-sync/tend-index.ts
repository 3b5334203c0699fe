import type { Context } from "#platform/context";
import { syncProducts } from "./apply.ts";
import { renewSettings } from "./ensure-index.ts";
import { settleWatchedTasks } from "./tasks.ts";

/** The sweep's part: an index that was lost is made again, and products whose write failed are written again. */
export async function tendIndex(context: Context): Promise<void> {
  await renewSettings(context);
  await settleWatchedTasks(context, (productIds) => syncProducts(context, productIds));
}
