import type { Context } from "#platform/context";
import { isReconciliationDue } from "./feed-store.ts";

/** Has the queue start a run where there is something to compare; a publication that gets lost is made again. */
export async function publishReconciliation(context: Context): Promise<void> {
  if (!(await isReconciliationDue(context))) return;
  await context.queue.publish({ path: "/jobs/reconciliation", body: {}, traceparent: context.traceparent });
}
