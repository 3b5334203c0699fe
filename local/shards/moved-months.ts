import type { Client } from "pg";
import { z } from "zod";
import { changeMonth } from "../months/change-month.ts";
import type { ShardRange } from "./shard-range.ts";

const Months = z.array(z.object({ month: z.string() }));

/** The months of a database that are archived there. */
async function archivedMonths(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select to_char(to_date(right(relname, 7), 'YYYY_MM'), 'YYYY-MM') as month
      from pg_class join pg_inherits on inhrelid = pg_class.oid
      where inhparent = 'archive.orders'::regclass order by month`,
  );
  return Months.parse(rows).map(({ month }) => month);
}

/** Those of the months in which a database has orders of these shards, archived or not. */
async function monthsWithOrders(
  client: Client,
  { first, last }: ShardRange,
  months: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select month from unnest($3::text[]) as month, lateral (select (month || '-01')::timestamp as begins) as time
      where exists (
        select from (select id from orders union all select id from archive.orders) o
        where id >= first_order_id(begins) and id < first_order_id(begins + interval '1 month')
          and shard_of(id) between $1 and $2)
      order by month`,
    [first, last, months],
  );
  return Months.parse(rows).map(({ month }) => month);
}

/** Makes room at the target: what is copied there is at work at first, and so are the months that it belongs to. */
export async function makeRoomForMonths(source: Client, target: Client, range: ShardRange): Promise<void> {
  const months = new Set([...(await archivedMonths(source)), ...(await archivedMonths(target))]);
  for (const month of await monthsWithOrders(source, range, [...months])) {
    const made = await changeMonth(target, "make", month);
    const outcome = made === "archived" ? await changeMonth(target, "restore", month) : made;
    if (outcome === "in use")
      throw new Error(
        `There is no room for the orders of ${month} where they go: the tables there are in use. Run the same command again.`,
      );
  }
}

/**
 * Archives the months at the target that are archived at the source and have orders of these shards. One that has
 * business there, or is in use, stays at work: the sweep or somebody archives it later.
 */
export async function archiveMonths(source: Client, target: Client, range: ShardRange) {
  const outcomes: { month: string; outcome: string }[] = [];
  for (const month of await monthsWithOrders(source, range, await archivedMonths(source)))
    outcomes.push({ month, outcome: await changeMonth(target, "retire", month) });
  return outcomes;
}
