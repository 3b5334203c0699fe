import { sql } from "drizzle-orm";
import { toTimestamp } from "#core/time";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { type JournalEntry, availableOf } from "./ledger.ts";

/** Entries copied in one transaction. */
export const journalBatchMax = 200;

/**
 * Copies journal entries to Postgres, moves the advisory stock level forward and records `stock.changed`, all in one
 * transaction. Safe to repeat: entries are unique by SKU and seq, and an older report never overwrites a newer level.
 */
export async function writeJournal(
  context: Context,
  sku: string,
  entries: readonly JournalEntry[],
): Promise<void> {
  const last = entries.at(-1);
  if (last === undefined) return;
  const { primary } = context.databases;
  const rows = JSON.stringify(
    entries.map((entry) => ({
      seq: entry.seq,
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
  await transact(primary, [
    primary.execute(sql`
      insert into stock_ledger (sku, seq, kind, quantity, reservation_id, reason, on_hand, held, sold, at)
      select ${sku}, * from jsonb_to_recordset(${rows}::jsonb) as entry (
        seq bigint, kind text, quantity integer, reservation_id text, reason text,
        on_hand bigint, held bigint, sold bigint, at timestamptz)
      on conflict (sku, seq) do nothing`),
    primary.execute(sql`
      insert into stock_levels (sku, on_hand, held, sold, version)
      values (${sku}, ${last.onHand}, ${last.held}, ${last.sold}, ${last.seq})
      on conflict (sku) do update set on_hand = excluded.on_hand, held = excluded.held, sold = excluded.sold,
        version = excluded.version, updated_at = now()
      where stock_levels.version < excluded.version`),
    insertEvents(context, [
      { type: "stock.changed", subject: sku, data: { sku, available: availableOf(last), version: last.seq } },
    ]),
  ]);
  await askForOutboxDrain(context);
}

/**
 * The object knows no consumers, so the queue asks a Worker to drain the outbox. One message a second serves every
 * object: it is delivered when that second is over. A lost one is made good by the sweep.
 */
async function askForOutboxDrain(context: Context): Promise<void> {
  const second = Math.floor(context.now() / 1000);
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
