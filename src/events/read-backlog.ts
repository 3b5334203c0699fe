import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { takeFromEveryHome } from "#platform/order-homes";
import { bulkTypes } from "./lanes.ts";

/** Counting stops here, so that looking costs little however much waits. */
export const backlogCountMax = 100_000;

const Count = z.coerce.number();

const Backlog = z.object({
  prompt_events: Count,
  prompt_seconds: Count,
  bulk_events: Count,
  bulk_seconds: Count,
  dead_letters: Count,
});
/** What waits in the outbox: of each lane how many events, and for how long the oldest. */
export type OutboxBacklog = z.infer<typeof Backlog>;

// Written out, not as parameters: so the planner sees that an index holds just these.
const isBulk = sql.raw(`type in (${bulkTypes.map((type) => `'${type}'`).join(", ")})`);
const isPrompt = sql.raw(`type not in (${bulkTypes.map((type) => `'${type}'`).join(", ")})`);
const waits = sql`delivered_at is null and dead_at is null`;

/** What waits in all outboxes together. One that does not answer is not among them; its log says so. */
export async function readOutboxBacklog(context: Context): Promise<OutboxBacklog> {
  const backlogs = await takeFromEveryHome(context, async (database) => [await readBacklogOf(database)]);
  const sum = (count: (backlog: OutboxBacklog) => number) =>
    backlogs.reduce((total, backlog) => total + count(backlog), 0);
  const oldest = (age: (backlog: OutboxBacklog) => number) => Math.max(0, ...backlogs.map(age));
  return {
    prompt_events: sum((each) => each.prompt_events),
    prompt_seconds: oldest((each) => each.prompt_seconds),
    bulk_events: sum((each) => each.bulk_events),
    bulk_seconds: oldest((each) => each.bulk_seconds),
    dead_letters: sum((each) => each.dead_letters),
  };
}

/** Reads a few index entries, and counts no further than {@link backlogCountMax}. */
async function readBacklogOf(database: Database): Promise<OutboxBacklog> {
  const seconds = sql`extract(epoch from now() - created_at)`;
  const { rows } = await database.execute(sql`
    select
      (select count(*) from (select from outbox where ${waits} and ${isPrompt} limit ${backlogCountMax}) as counted)
        as prompt_events,
      coalesce((select ${seconds} from outbox where ${waits} and ${isPrompt} order by position limit 1), 0)
        as prompt_seconds,
      (select count(*) from (select from outbox where ${waits} and ${isBulk} limit ${backlogCountMax}) as counted)
        as bulk_events,
      coalesce((select ${seconds} from outbox where ${waits} and ${isBulk} order by position limit 1), 0)
        as bulk_seconds,
      (select count(*) from (select from outbox where dead_at is not null limit ${backlogCountMax}) as counted)
        as dead_letters`);
  return Backlog.parse(rows[0]);
}
