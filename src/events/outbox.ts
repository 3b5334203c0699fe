import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import { z } from "zod";
import { idSchema } from "#core/ids";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { type EventType, type RecordedEvent, eventSchemas } from "./catalogue.ts";
import { outbox } from "./outbox-table.ts";
import { type DeliveryFailure, type Handler, type OutboxRow, drainOutbox } from "./drain.ts";

/**
 * Seconds for which leased rows are out of other drains' reach: longer than the handlers' own deadlines. A crashed
 * drain's rows, and what waits behind them, come back after it.
 */
const leaseSeconds = 15;

export type HandlersOf = (event: RecordedEvent) => readonly Handler<RecordedEvent>[];

const Row = z.object({
  position: z.coerce.number(),
  id: idSchema("event"),
  type: z.string().refine((type): type is EventType => type in eventSchemas),
  subject: z.string(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  handled_by: z.array(z.string()),
  attempts: z.coerce.number(),
});

/** Delivers what is due in the outbox: called after commits, and by the sweep for whatever a crash left. */
export async function drainOutboxOf(context: Context, handlersOf: HandlersOf): Promise<number> {
  return drainOutbox<RecordedEvent>({
    lease: (rowsMax) => leaseRows(context, rowsMax),
    handlersOf,
    markDelivered: (positions) => markDelivered(context, positions),
    markFailed: (failure) => markFailed(context, failure),
    onFailure: (handler, event, error) => {
      context.log("error", "an event handler failed", {
        ...errorFields(error),
        handler,
        event_id: event.id,
        event_type: event.type,
      });
      context.reportError(error, { handler, event_id: event.id });
    },
    now: context.now,
  });
}

/**
 * Takes due rows whose transaction is older than every running one, so that no row that commits late is overtaken,
 * and of each subject only the oldest undelivered, so that a subject's events come one at a time and in order.
 *
 * A queue's table is empty at one moment and holds tens of thousands of rows at the next, so that the planner's
 * statistics are always wrong: sequential scans are ruled out, and the oldest of a subject is asked for by a scalar
 * subquery, which can only become an index probe.
 */
async function leaseRows(context: Context, rowsMax: number): Promise<OutboxRow<RecordedEvent>[]> {
  const { primary } = context.databases;
  const [, { rows }] = await primary.batch([
    primary.execute(sql`select set_config('enable_seqscan', 'off', true)`),
    primary.execute(sql`
      with due as (
        select position from outbox o
        where delivered_at is null and dead_at is null and leased_until < now()
          and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
          and position = (
            select min(earlier.position) from outbox earlier
            where earlier.subject = o.subject and earlier.delivered_at is null and earlier.dead_at is null)
        order by position limit ${rowsMax} for update skip locked)
      update outbox o set leased_until = now() + make_interval(secs => ${leaseSeconds})
      from due where o.position = due.position
      returning o.position, o.id, o.type, o.subject, o.payload, o.traceparent, o.handled_by, o.attempts`),
  ]);
  return rows
    .map((row) => Row.parse(row))
    .sort((a, b) => a.position - b.position)
    .map(({ position, handled_by: handledBy, attempts, ...row }) => ({
      position,
      handledBy,
      attempts,
      event: eventOf(row),
    }));
}

function eventOf(row: Omit<z.infer<typeof Row>, "position" | "handled_by" | "attempts">): RecordedEvent {
  const data = eventSchemas[row.type].parse(row.payload);
  // The schema of this very type has parsed the data; the union cannot express that pairing.
  return { ...row, data, traceparent: row.traceparent ?? undefined } as RecordedEvent;
}

async function markDelivered(context: Context, positions: readonly number[]): Promise<void> {
  await context.databases.primary.execute(
    sql`update outbox set delivered_at = now(), attempts = attempts + 1 where position in ${positions}`,
  );
}

async function markFailed(context: Context, failure: DeliveryFailure): Promise<void> {
  const { position, handledBy, error, retryAt } = failure;
  const handled = JSON.stringify(handledBy);
  await context.databases.primary.execute(sql`
    update outbox set attempts = attempts + 1, last_error = ${error.slice(0, 500)},
      handled_by = array(select jsonb_array_elements_text(${handled}::jsonb)),
      leased_until = ${retryAt === "dead" ? sql`leased_until` : new Date(retryAt).toISOString()},
      dead_at = ${retryAt === "dead" ? sql`now()` : null}
    where position = ${position}`);
}

/** Days for which delivered events stay readable, and rows forgotten in one sweep. */
const deliveredDays = 7;
const forgetRowsMax = 5_000;

/** Forgets events that were delivered long ago, the oldest first. */
export async function forgetDelivered(context: Context): Promise<void> {
  await context.databases.primary.execute(sql`
    delete from outbox where position in (
      select position from outbox where delivered_at < now() - make_interval(days => ${deliveredDays})
      order by delivered_at limit ${forgetRowsMax})`);
}

export type DeadEvent = {
  id: string;
  type: string;
  subject: string;
  attempts: number;
  last_error: string | null;
  since: string;
};

/** Events whose delivery was given up, oldest first. */
export async function listDeadEvents(context: Context, rowsMax: number): Promise<DeadEvent[]> {
  const rows = await context.databases.primary
    .select()
    .from(outbox)
    .where(isNotNull(outbox.deadAt))
    .orderBy(asc(outbox.deadAt))
    .limit(rowsMax);
  return rows.map(({ id, type, subject, attempts, lastError, createdAt }) => ({
    id,
    type,
    subject,
    attempts,
    last_error: lastError,
    since: createdAt.toISOString(),
  }));
}

/** Puts a dead event back among those to deliver, for the handlers that have not finished with it. */
export async function reviveEvent(context: Context, id: string): Promise<boolean> {
  const revived = await context.databases.primary
    .update(outbox)
    .set({ deadAt: null, attempts: 0, leasedUntil: sql`'-infinity'` })
    .where(and(eq(outbox.id, id), isNotNull(outbox.deadAt)))
    .returning({ id: outbox.id });
  return revived.length > 0;
}
