import type { Client } from "pg";
import { z } from "zod";
import { guardedTables, hasArchive } from "./prepare-homes.ts";
import type { ShardRange } from "./shard-range.ts";

const ofOrders = (column: string) => `${column} = any ($1::text[])`;

/** What lives with orders, parents first, and which of it belongs to the orders `$1`. */
const tablesOfOrders: readonly (readonly [table: string, ofOrders: string])[] = [
  ...Object.entries(guardedTables).map(([table, column]) => [table, ofOrders(column)] as const),
  ["numbered_orders", ofOrders("order_id")],
  ["payment_alerts", ofOrders("order_id")],
  ["payment_sightings", `attempt_id in (select id from payment_attempts where ${ofOrders("order_id")})`],
];

/** Rows of these may still be added at the source while the copy is made; of the others the copies must be equal. */
const uncompared = new Set(["payment_alerts", "payment_sightings"]);

/** The rows of a table, those of archived months too: a row's columns are the same at both places. */
const everywhere = (table: string) =>
  hasArchive(table) ? `(select * from ${table} union all select * from archive.${table})` : table;

const isInRange = (id: string) => `shard_of(${id}) between $1 and $2`;

/** Events of orders that somebody has still to hear of, or a person has to look at. */
export const waitingEvents = `delivered_at is null and substr(subject, 1, 4) in ('ord_', 'ret_', 'rfd_', 'pay_')
  and ${isInRange("subject")}`;

/** Orders that are copied, compared or deleted in one transaction. */
const ordersAtOnce = 500;

/** The ids of a range's orders in portions, in their order. */
export async function* portionsOf(client: Client, { first, last }: ShardRange): AsyncGenerator<string[]> {
  for (let after = ""; ;) {
    const { rows } = await client.query(
      `select id from ${everywhere("orders")} o where ${isInRange("id")} and id > $3 order by id limit ${ordersAtOnce}`,
      [first, last, after],
    );
    const ids = z.array(z.object({ id: z.string() })).parse(rows);
    const end = ids.at(-1);
    if (end === undefined) return;
    yield ids.map(({ id }) => id);
    after = end.id;
  }
}

const Texts = z.array(z.object({ row: z.string() }));

/** Copies orders with all that belongs to them, none of them archived; what is there already stays. */
export async function copyOrders(source: Client, target: Client, ids: readonly string[]): Promise<void> {
  for (const [table, ofThese] of tablesOfOrders) {
    const { rows } = await source.query(
      `select to_jsonb(t)::text as row from ${everywhere(table)} t where ${ofThese}`,
      [ids],
    );
    await insertRows(target, table, Texts.parse(rows));
  }
}

/** Copies what is not found by its order: answers to writes that may be repeated, and events that wait. */
export async function copyBesides(
  source: Client,
  target: Client,
  { first, last }: ShardRange,
): Promise<void> {
  const answers = await source.query(
    "select to_jsonb(t)::text as row from idempotency_records t where shard between $1 and $2",
    [first, last],
  );
  await insertRows(target, "idempotency_records", Texts.parse(answers.rows));
  const events = await source.query(
    `select to_jsonb(t)::text as row from outbox t where ${waitingEvents} order by position`,
    [first, last],
  );
  await insertRows(target, "outbox", Texts.parse(events.rows));
}

/** The target gives these columns itself. */
const givenAnew: Readonly<Record<string, readonly string[]>> = { outbox: ["position", "transaction_id"] };

const rowsAtOnce = 1_000;

/** The text of a row never becomes a value of ours on its way: nothing is rounded. */
async function insertRows(target: Client, table: string, rows: z.infer<typeof Texts>): Promise<void> {
  if (rows.length === 0) return;
  const columns = await target.query(
    `select column_name from information_schema.columns
      where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER'
        and not column_name = any ($2)`,
    [table, givenAnew[table] ?? []],
  );
  const names = z
    .array(z.object({ column_name: z.string() }))
    .parse(columns.rows)
    .map(({ column_name: name }) => target.escapeIdentifier(name))
    .join(", ");
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.slice(from, from + rowsAtOnce).map(({ row }) => row);
    await target.query(
      `insert into ${table} (${names}) select ${names}
        from jsonb_populate_recordset(null::${table}, $1::jsonb) on conflict do nothing`,
      [`[${some.join(",")}]`],
    );
  }
}

/** What two copies of orders have in common when they are equal, table by table: how many rows, and their hash. */
export async function fingerprintOf(client: Client, ids: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const [table, ofThese] of tablesOfOrders) {
    if (uncompared.has(table)) continue;
    const { rows } = await client.query(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(to_jsonb(t)::text, 0)), 0) as row
        from ${everywhere(table)} t where ${ofThese}`,
      [ids],
    );
    parts.push(`${table} ${z.tuple([z.object({ row: z.string() })]).parse(rows)[0].row}`);
  }
  return parts.join(", ");
}

export async function countOrders(client: Client, { first, last }: ShardRange): Promise<number> {
  const { rows } = await client.query(
    `select count(*) as orders from ${everywhere("orders")} o where ${isInRange("id")}`,
    [first, last],
  );
  return z.tuple([z.object({ orders: z.coerce.number() })]).parse(rows)[0].orders;
}

/** Deletes what {@link copyOrders} copies, children first. */
export async function deleteOrders(client: Client, ids: readonly string[]): Promise<void> {
  for (const [table, ofThese] of tablesOfOrders.toReversed())
    for (const place of hasArchive(table) ? [table, `archive.${table}`] : [table])
      await client.query(`delete from ${place} where ${ofThese}`, [ids]);
}

/** Deletes what {@link copyBesides} copies. */
export async function deleteBesides(client: Client, { first, last }: ShardRange): Promise<void> {
  await client.query(`delete from outbox where ${waitingEvents}`, [first, last]);
  await client.query("delete from idempotency_records where shard between $1 and $2", [first, last]);
}
