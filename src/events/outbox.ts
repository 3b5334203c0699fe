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

type Drain = {
  handlersOf: (event: RecordedEvent) => readonly Handler<RecordedEvent>[];
  /** Told right before the outbox is looked into: what was committed before is seen, or overlaps another transaction. */
  onLook: () => void;
};

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
export async function drainOutboxOf(context: Context, { handlersOf, onLook }: Drain): Promise<number> {
  return drainOutbox<RecordedEvent>({
    lease: (rowsMax, delivered) => {
      onLook();
      return leaseRows(context, rowsMax, delivered);
    },
    handlersOf,
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

/** See drain_outbox in the migrations for which rows are due. */
async function leaseRows(
  context: Context,
  rowsMax: number,
  delivered: readonly number[],
): Promise<OutboxRow<RecordedEvent>[]> {
  const positions = `{${delivered.join(",")}}`;
  const { rows } = await context.databases.primary.execute(
    sql`select * from drain_outbox(${positions}::bigint[], ${rowsMax}, ${leaseSeconds})`,
  );
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
