import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { LedgerFacts } from "./drift.ts";

const figure = z.coerce.number();
const Row = z.object({
  epoch: figure,
  entries: figure,
  first_seq: figure,
  last_seq: figure,
  opening_on_hand: figure,
  opening_held: figure,
  opening_sold: figure,
  moved_on_hand: figure,
  moved_held: figure,
  moved_sold: figure,
  last_on_hand: figure,
  last_held: figure,
  last_sold: figure,
  level_on_hand: figure,
  level_held: figure,
  level_sold: figure,
  version: figure,
});

/** The newest epoch of a SKU's ledger, added up by Postgres; undefined before the first entry. */
export async function readLedgerFacts(context: Context, sku: string): Promise<LedgerFacts | undefined> {
  const { rows } = await context.databases.primary.execute(sql`
    with newest as (
      select * from stock_ledger where sku = ${sku}
        and epoch = (select epoch from stock_ledger where sku = ${sku} order by seq desc limit 1)
    ), totals as (
      select epoch, count(*) as entries, min(seq) as first_seq, max(seq) as last_seq,
        sum(case when kind in ('receive', 'shrink', 'recount') then quantity else 0 end) as moved_on_hand,
        sum(case kind when 'hold' then quantity when 'release' then -quantity when 'expire' then -quantity
          when 'commit' then -quantity else 0 end) as moved_held,
        sum(case kind when 'commit' then quantity when 'rescue' then quantity when 'revert' then -quantity
          else 0 end) as moved_sold
      from newest group by epoch)
    select totals.*,
      coalesce(opening.on_hand, 0) as opening_on_hand, coalesce(opening.held, 0) as opening_held,
      coalesce(opening.sold, 0) as opening_sold,
      last.on_hand as last_on_hand, last.held as last_held, last.sold as last_sold,
      coalesce(level.on_hand, 0) as level_on_hand, coalesce(level.held, 0) as level_held,
      coalesce(level.sold, 0) as level_sold, coalesce(level.version, 0) as version
    from totals
      join newest last on last.seq = totals.last_seq
      left join newest opening on opening.seq = totals.first_seq and opening.kind = 'epoch'
      left join stock_levels level on level.sku = ${sku}`);
  const [found] = rows;
  if (found === undefined) return undefined;
  const row = Row.parse(found);
  return {
    epoch: row.epoch,
    entries: row.entries,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    opening: { onHand: row.opening_on_hand, held: row.opening_held, sold: row.opening_sold },
    moved: { onHand: row.moved_on_hand, held: row.moved_held, sold: row.moved_sold },
    last: { onHand: row.last_on_hand, held: row.last_held, sold: row.last_sold },
    level: { onHand: row.level_on_hand, held: row.level_held, sold: row.level_sold, version: row.version },
  };
}
