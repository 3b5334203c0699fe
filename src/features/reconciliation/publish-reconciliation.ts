import { secondMs } from "#core/time";
import type { Context } from "#platform/context";
import { isReconciliationDue } from "./feed-store.ts";

/** The sweep has no more runs started than one in such a time, however often it comes by. */
const startedEveryMs = 10 * secondMs;

/** Has the queue start a run where there is something to compare; a publication that gets lost is made again. */
export async function sweepReconciliation(context: Context): Promise<void> {
  if (!(await isReconciliationDue(context))) return;
  await publishReconciliation(context, `reconciliation-${Math.floor(context.now() / startedEveryMs)}`);
}

/** Has the queue start a run now, unless one was started under the same id. */
export async function publishReconciliation(context: Context, deduplicationId?: string): Promise<void> {
  await context.queue.publish({
    path: "/jobs/reconciliation",
    body: {},
    traceparent: context.traceparent,
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  });
}
