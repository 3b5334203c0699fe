import { sql } from "drizzle-orm";
import { z } from "zod";
import { productIndex } from "#features/search/document";
import type { SearchStatus } from "#features/search/status-schema";
import type { SearchMeasures } from "#features/operations/read-metrics";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { readCanary } from "./canary.ts";
import { readDriftTotals } from "./check-drift.ts";

/** What operators read of the index: in numbers, also while the search server is down. */
export async function readSearchStatus(context: Context): Promise<SearchStatus> {
  const [catalogue, index, drift] = await Promise.all([
    readBacklog(context),
    readIndex(context).catch((error: unknown) => {
      context.log("warn", "the search server does not tell how it is", errorFields(error));
      return undefined;
    }),
    readDriftTotals(context),
  ]);
  const canary = index?.canary ?? { seconds: null, waiting_seconds: 0 };
  const { events, oldest_seconds, dead_letters, products } = catalogue;
  return {
    reachable: index !== undefined,
    products,
    documents: index?.documents ?? null,
    lag_seconds: Math.max(oldest_seconds, canary.seconds ?? 0, canary.waiting_seconds),
    backlog: { events, oldest_seconds, dead_letters, tasks: index?.tasks ?? null },
    canary,
    drift,
  };
}

const Backlog = z.object({
  events: z.coerce.number(),
  oldest_seconds: z.coerce.number(),
  dead_letters: z.coerce.number(),
  products: z.coerce.number(),
});

async function readBacklog(context: Context): Promise<z.infer<typeof Backlog>> {
  const { rows } = await context.databases.primary.execute(sql`
    with ours as (
      select created_at, dead_at from outbox
      where delivered_at is null and not 'search-index' = any (handled_by)
        and type in ('product.changed', 'product.deleted', 'stock.changed', 'search.synonyms_changed'))
    select (select count(*) from ours where dead_at is null) as events,
      (select coalesce(extract(epoch from now() - min(created_at)), 0) from ours where dead_at is null)
        as oldest_seconds,
      (select count(*) from ours where dead_at is not null) as dead_letters,
      (select count(*) from products where status = 'active') as products`);
  return Backlog.parse(rows[0]);
}

/** The same as numbers that may be asked for every few seconds. */
export async function measureSearch(context: Context): Promise<SearchMeasures> {
  const [index, { repaired }] = await Promise.all([
    readIndex(context).catch((error: unknown) => {
      context.log("warn", "the search server does not tell how it is", errorFields(error));
      return undefined;
    }),
    readDriftTotals(context),
  ]);
  if (index === undefined) return { index, repaired };
  const { documents, tasks, canary } = index;
  return {
    index: {
      documents,
      tasks,
      canarySeconds: canary.seconds ?? undefined,
      canaryWaitingSeconds: canary.waiting_seconds,
    },
    repaired,
  };
}

async function readIndex(context: Context) {
  const [{ numberOfDocuments }, { total }, canary] = await Promise.all([
    context.search.index(productIndex).getStats(),
    context.search.tasks.getTasks({ statuses: ["enqueued", "processing"], limit: 1 }),
    readCanary(context),
  ]);
  return { documents: numberOfDocuments, tasks: total, canary };
}
