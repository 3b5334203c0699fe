import { sql } from "drizzle-orm";
import { z } from "zod";
import { toTimestamp } from "#core/time";
import type { NewEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { type JournalEntry, availableOf } from "./ledger.ts";
import { newsOf } from "./stock-level.ts";

/** Entries copied in one transaction. */
export const journalBatchMax = 200;

/**
 * Appends journal entries to Postgres' ledger, moves the advisory level forward and records what is news, all in one
 * transaction. A copy that Postgres has already, late or after a crash, changes nothing and tells nothing twice.
 * @returns the number of the last entry that Postgres has now.
 */
export async function copyJournal(
  context: Context,
  sku: string,
  entries: readonly JournalEntry[],
): Promise<number> {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) throw new Error("there is nothing to copy");
  const { primary } = context.databases;
  try {
    await transact(primary, [
      primary.execute(moveLevel(sku, entries, { first, last })),
      primary.execute(appendEntries(sku, entries)),
      insertEvents(context, newsOfEntries(sku, entries, last)),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    return Math.min(last.seq, await readCopiedSeq(context, sku, first));
  }
  await askForOutboxDrain(context);
  return last.seq;
}

type Ends = { first: JournalEntry; last: JournalEntry };

/** Goes first, for its guard: a level that has reached the first entry is proof that this copy was made before. */
function moveLevel(sku: string, entries: readonly JournalEntry[], { first, last }: Ends) {
  const levelChange = entries.findLast((entry) => entry.levelBefore !== entry.level);
  const levelSince = levelChange === undefined ? null : toTimestamp(levelChange.at);
  return sql`
    with moved as (
      insert into stock_levels (sku, on_hand, held, sold, version, epoch, low_at, level, level_since)
      values (${sku}, ${last.onHand}, ${last.held}, ${last.sold}, ${last.seq}, ${last.epoch}, ${last.lowAt},
        ${last.level}, coalesce(${levelSince}::timestamptz, now()))
      on conflict (sku) do update set on_hand = excluded.on_hand, held = excluded.held, sold = excluded.sold,
        version = excluded.version, epoch = excluded.epoch, low_at = excluded.low_at, level = excluded.level,
        level_since = coalesce(${levelSince}::timestamptz, stock_levels.level_since), updated_at = now()
      where stock_levels.version < ${first.seq} returning 1)
    select expect_rows((select count(*) from moved), 1)`;
}

function appendEntries(sku: string, entries: readonly JournalEntry[]) {
  const rows = JSON.stringify(
    entries.map((entry) => ({
      seq: entry.seq,
      epoch: entry.epoch,
      kind: entry.kind,
      quantity: entry.quantity,
      reservation_id: entry.reservationId ?? null,
      reason: entry.reason ?? null,
      on_hand: entry.onHand,
      held: entry.held,
      sold: entry.sold,
      at: toTimestamp(entry.at),
    })),
  );
  return sql`
    insert into stock_ledger (sku, seq, epoch, kind, quantity, reservation_id, reason, on_hand, held, sold, at)
    select ${sku}, * from jsonb_to_recordset(${rows}::jsonb) as entry (
      seq bigint, epoch integer, kind text, quantity integer, reservation_id text, reason text,
      on_hand bigint, held bigint, sold bigint, at timestamptz)`;
}

function newsOfEntries(sku: string, entries: readonly JournalEntry[], last: JournalEntry): NewEvent[] {
  const changed: NewEvent = {
    type: "stock.changed",
    subject: sku,
    data: { sku, available: availableOf(last), version: last.seq },
  };
  const news = entries.flatMap((entry): NewEvent[] => {
    const type = newsOf(entry.levelBefore, entry.level);
    if (type === undefined) return [];
    const data = { sku, available: availableOf(entry), low_at: entry.lowAt, version: entry.seq };
    return [{ type, subject: sku, data }];
  });
  return [changed, ...news];
}

const Copied = z.object({ version: z.coerce.number(), same: z.boolean() });

/**
 * How far Postgres has this very journal.
 * @throws Error when it has another one: the object or the database was put back to an earlier state.
 */
async function readCopiedSeq(context: Context, sku: string, first: JournalEntry): Promise<number> {
  const { rows } = await context.databases.primary.execute(sql`
    select level.version, entry.epoch = ${first.epoch} and entry.kind = ${first.kind}
      and entry.at = ${toTimestamp(first.at)} and entry.on_hand = ${first.onHand}
      and entry.held = ${first.held} and entry.sold = ${first.sold} as same
    from stock_levels level join stock_ledger entry on entry.sku = level.sku and entry.seq = ${first.seq}
    where level.sku = ${sku}`);
  const [row] = rows.map((each) => Copied.parse(each));
  if (!row?.same)
    throw new Error(`Postgres has another history of this SKU from entry ${first.seq} on: reconcile it`);
  return row.version;
}

/** The objects of one isolate ask once a second; those of others send a duplicate, which the queue drops. */
let lastAskedSecond = 0;

/**
 * The object knows no consumers, so the queue asks a Worker to drain the outbox. One message a second serves every
 * object: it is delivered when that second is over. A lost one is made good by the sweep.
 */
async function askForOutboxDrain(context: Context): Promise<void> {
  const second = Math.floor(context.now() / 1000);
  if (second === lastAskedSecond) return;
  lastAskedSecond = second;
  try {
    await context.queue.publish({
      path: "/jobs/outbox",
      body: {},
      deduplicationId: `outbox-${second}`,
      delaySeconds: 1,
    });
  } catch (error) {
    context.log("warn", "the queue took no wake-up for the outbox", errorFields(error));
  }
}
