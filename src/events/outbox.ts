import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import { z } from "zod";
import { AppError } from "#core/errors";
import { idSchema, timeOfId } from "#core/ids";
import { tellable } from "#core/faults";
import { currentTime, secondMs } from "#core/time";
import type { Context } from "#platform/context";
import { type Database, committingLazily, isMoving } from "#platform/database";
import { errorFields } from "#platform/log";
import { findInHomes, orderHomes, readEveryHome, takeFromEveryHome } from "#platform/order-homes";
import { createBulkLane } from "./bulk-lane.ts";
import { type EventType, type RecordedEvent, eventSchemas } from "./catalogue.ts";
import { type DeliveryFailure, type Handler, type OutboxRow, nextTryOfOne } from "./deliver-round.ts";
import { type Places, drainLimits, drainOutbox } from "./drain.ts";
import { outbox } from "./outbox-table.ts";

/**
 * Seconds for which leased rows are out of other drains' reach: longer than the handlers' own deadlines. A crashed
 * drain's rows, and what waits behind them, come back after it.
 */
const leaseSeconds = 15;
/** The same for the large rounds of a bulk that is far behind. */
const bulkLeaseSeconds = 45;

const takeBulkTurn = createBulkLane(currentTime);

type Drain = {
  handlersOf: (event: RecordedEvent) => readonly Handler<RecordedEvent>[];
  /** Told right before the outbox is looked into: what was committed before is seen, or overlaps another transaction. */
  onLook: () => void;
};

const Positions = z.array(z.coerce.number());

const Row = z.object({
  position: z.coerce.number(),
  covers: Positions,
  is_bulk: z.boolean(),
  id: idSchema("event"),
  type: z.string(),
  subject: z.string(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  handled_by: z.array(z.string()),
  attempts: z.coerce.number(),
});
type Row = z.infer<typeof Row>;

const KnownType = z.string().refine((type): type is EventType => type in eventSchemas, {
  error: "This release does not know the type of this event.",
});

/** Delivers what is due in the outbox of a database: called after commits, and by the sweep for whatever a crash left. */
export async function drainOutboxOf(
  context: Context,
  database: Database,
  { handlersOf, onLook }: Drain,
): Promise<number> {
  return drainOutbox<RecordedEvent>({
    lease: (places, delivered) => {
      if (places.prompt > 0) onLook();
      return leaseEvents(context, database, { places, delivered });
    },
    // Events of orders are prompt: only the primary has any that come in bulk.
    takeBulkTurn: database === context.databases.primary ? takeBulkTurn : () => undefined,
    handlersOf,
    markFailed: (failures) => markFailed(database, failures),
    onFailure: (handler, [first], error) => {
      const fields = { handler, ...(first && { event_id: first.id, event_type: first.type }) };
      if (waitsForMove(error)) {
        context.log("info", "an event waits until shards have moved", fields);
        return;
      }
      context.log("error", "an event handler failed", { ...errorFields(error), ...fields });
      context.reportError(error, fields);
    },
    isPassing: waitsForMove,
    wakeAgain: () => askForDrain(context),
    now: context.now,
  });
}

/** A move of shards may take hours, and until its end nobody writes their orders. */
function waitsForMove(error: unknown): boolean {
  return isMoving(error) || (error instanceof AppError && error.code === "shard_moving");
}

type Lease = { readonly places: Places; readonly delivered: readonly number[] };

/**
 * Leases what can be read. An event of a newer release, or with data of another, waits as one whose delivery failed, and
 * stops no other.
 */
async function leaseEvents(
  context: Context,
  database: Database,
  lease: Lease,
): Promise<OutboxRow<RecordedEvent>[]> {
  const readable: OutboxRow<RecordedEvent>[] = [];
  const unreadable: DeliveryFailure[] = [];
  for (const row of await leaseRows(database, lease)) {
    const { position, covers, is_bulk: isBulk, handled_by: handledBy, attempts } = row;
    try {
      const recordedAt = timeOfId(row.id);
      readable.push({ position, covers, isBulk, handledBy, attempts, recordedAt, event: eventOf(row) });
    } catch (error) {
      const { message } = tellable(error);
      const fields = { event_id: row.id, event_type: row.type };
      context.log("error", "an event cannot be read", { ...errorFields(error), ...fields });
      context.reportError(error, fields);
      unreadable.push({
        position,
        handledBy,
        error: message,
        retryAt: nextTryOfOne(attempts + 1, context.now()),
        isAttempt: true,
      });
    }
  }
  if (unreadable.length > 0) await markFailed(database, unreadable);
  return readable;
}

/** See lease_events in the migrations for which rows are due. */
async function leaseRows(database: Database, { places, delivered }: Lease): Promise<Row[]> {
  const { prompt, bulk } = places;
  const positions = `{${delivered.join(",")}}`;
  const seconds = bulk > drainLimits.rowsPerRound ? bulkLeaseSeconds : leaseSeconds;
  // Events whose delivery was not noted come again, as they do after a crash of the Worker.
  const { rows } = await database.execute(sql`
    select leased.* from (${committingLazily}) lazily
      left join lease_events(${positions}::bigint[], ${prompt}, ${bulk}, ${seconds}) leased on true`);
  return rows
    .filter(({ position }) => position !== null)
    .map((row) => Row.parse(row))
    .sort((a, b) => a.position - b.position);
}

/** @throws where this release does not know such an event. */
function eventOf({ id, type, subject, payload, traceparent }: Row): RecordedEvent {
  const known = KnownType.parse(type);
  const data = eventSchemas[known].parse(payload);
  // The schema of this very type has parsed the data; the union cannot express that pairing.
  return { id, type: known, subject, data, traceparent: traceparent ?? undefined } as RecordedEvent;
}

async function markFailed(database: Database, failures: readonly DeliveryFailure[]): Promise<void> {
  const rows = failures.map(({ position, handledBy, error, retryAt, isAttempt }) => ({
    position,
    handled_by: handledBy,
    error: error.slice(0, 500),
    retry_at: retryAt === "dead" ? null : new Date(retryAt).toISOString(),
    attempts: isAttempt ? 1 : 0,
  }));
  await database.execute(sql`
    update outbox o set attempts = o.attempts + failed.attempts, last_error = failed.error, handled_by = failed.handled_by,
      leased_until = coalesce(failed.retry_at, o.leased_until),
      dead_at = case when failed.retry_at is null then now() end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as failed (position bigint, handled_by text[], error text, retry_at timestamptz, attempts int)
    where o.position = failed.position`);
}

/** The queue wakes another drain, with a time of its own. A lost message is made good by the sweep. */
async function askForDrain(context: Context): Promise<void> {
  const second = Math.floor(context.now() / secondMs);
  try {
    await context.queue.publish({
      path: "/jobs/outbox",
      body: {},
      deduplicationId: `outbox-again-${second}`,
      traceparent: context.traceparent,
    });
  } catch (error) {
    context.log("warn", "the queue took no wake-up for the outbox", errorFields(error));
  }
}

/** Days for which delivered events stay readable, and rows forgotten in one sweep. */
const deliveredDays = 7;
const forgetRowsMax = 5_000;

/** Forgets events that were delivered long ago, the oldest first. */
export async function forgetDelivered(context: Context): Promise<void> {
  await takeFromEveryHome(context, async (database) => {
    await database.execute(sql`
      delete from outbox where position in (
        select position from outbox where delivered_at < now() - make_interval(days => ${deliveredDays})
        order by delivered_at limit ${forgetRowsMax})`);
    return [];
  });
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
  const rows = await readEveryHome(context, (database) =>
    database.select().from(outbox).where(isNotNull(outbox.deadAt)).orderBy(asc(outbox.deadAt)).limit(rowsMax),
  );
  const oldest = rows.toSorted((a, b) => Number(a.deadAt) - Number(b.deadAt)).slice(0, rowsMax);
  return oldest.map(({ id, type, subject, attempts, lastError, createdAt }) => ({
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
  const revived = await findInHomes(orderHomes(context), (database) =>
    database
      .update(outbox)
      .set({ deadAt: null, attempts: 0, leasedUntil: sql`'-infinity'` })
      .where(and(eq(outbox.id, id), isNotNull(outbox.deadAt)))
      .returning({ id: outbox.id }),
  );
  return revived !== undefined;
}
