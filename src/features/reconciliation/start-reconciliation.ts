import { sql } from "drizzle-orm";
import { z } from "zod";
import { actorOf } from "#core/principal";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { askForWalks, createFeeds, listFeeds } from "./feed-store.ts";
import { publishReconciliation } from "./publish-reconciliation.ts";
import type { ReconciliationWire } from "./schema.ts";
import { sourcesOf } from "./sources.ts";
import type { FeedProvider } from "./tables.ts";

/**
 * Has every list compared up to now, and everything that is open examined once more. Asking while a walk is under way
 * has it followed by another.
 */
export async function startReconciliation(
  context: Context,
  provider?: FeedProvider,
): Promise<ReconciliationWire> {
  const names = sourcesOf(context).map(({ provider, list }) => ({ provider, list }));
  await createFeeds(context, names);
  await askForWalks(context, actorOf(context.principal), provider);
  await publishReconciliation(context);
  return showReconciliation(context);
}

const Counts = z.tuple([
  z.object({
    waiting: z.int(),
    failing: z.int(),
    open: z.int(),
    mended: z.int(),
    found: z.int(),
  }),
]);

/** How far the comparison has come, and what it found. */
export async function showReconciliation(context: Context): Promise<ReconciliationWire> {
  const [feeds, { rows }] = await Promise.all([
    listFeeds(context),
    context.databases.primary.execute(sql`
      select (select count(*) from payment_suspects where next_check_at <= now() or leased_until > now())::int as waiting,
        (select count(*) from payment_suspects where last_error is not null)::int as failing,
        count(*) filter (where status = 'open')::int as open,
        count(*) filter (where status = 'mended' and resolved_at > now() - interval '1 day')::int as mended,
        count(*) filter (where first_seen_at > now() - interval '1 day')::int as found
      from payment_differences where resolved_at is null or first_seen_at > now() - interval '1 day'
        or resolved_at > now() - interval '1 day'`),
  ]);
  const [counts] = Counts.parse(rows);
  const lists = feeds.map((feed) => ({
    provider: feed.provider,
    list: feed.list,
    under_way: feed.askedBy !== null || feed.windowFrom !== null,
    covered_until: timestampOf(feed.coveredUntil),
    started_at: feed.startedAt === null ? null : timestampOf(feed.startedAt),
    finished_at: feed.finishedAt === null ? null : timestampOf(feed.finishedAt),
    next_run_at: timestampOf(feed.nextRunAt),
    pages: feed.pages,
    compared: feed.compared,
    suspected: feed.suspected,
    last_error: feed.lastError,
  }));
  const underWay = counts.waiting > 0 || lists.some((list) => list.under_way);
  return { under_way: underWay, lists, ...counts };
}

function timestampOf(moment: Date): string {
  return toTimestamp(epochMs(moment.getTime()));
}
