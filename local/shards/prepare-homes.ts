import type { Client } from "pg";
import { z } from "zod";
import { primaryHome } from "#platform/order-shards";
import { migrate } from "../migrate.ts";
import { type HomeAddress, withHome } from "./homes.ts";

/** Tables whose rows live with an order, parents first, and the column that tells the order's shard. */
export const guardedTables = {
  orders: "id",
  order_lines: "order_id",
  order_events: "order_id",
  fulfilments: "order_id",
  payment_attempts: "order_id",
  returns: "order_id",
  refunds: "order_id",
  disputes: "order_id",
  payment_reviews: "order_id",
  money_ledger: "order_id",
} as const;

/** Of these the rows of archived months are in tables of the same names in the schema `archive`. */
const archivedTables = ["orders", "order_lines", "order_events", "fulfilments"] as const;

/** Whether rows of this table may be in an archived month. */
export function hasArchive(table: string): boolean {
  return archivedTables.some((name) => name === table);
}

const guardName = "refuse_fenced_shards";

/** Databases number their orders in steps of this, each with a remainder of its own: it allows for as many databases. */
const numbersStride = 16;

/**
 * Brings every database up to date. Where there are several with orders, each gets what keeps them apart: numbers of its
 * own, the triggers that refuse orders of shards that are elsewhere, and, all but the primary, no shard at first. Safe to
 * repeat, and what was prepared before is not touched again.
 * @returns the names of the migrations that were applied now.
 */
export async function bringUpToDate(homes: readonly HomeAddress[]): Promise<string[]> {
  const applied: string[] = [];
  for (const { name, url } of homes) {
    const files = await migrate(url);
    applied.push(...(name === primaryHome ? files : files.map((file) => `${name}: ${file}`)));
  }
  const [primary, ...others] = homes;
  if (primary === undefined || others.length === 0) return applied;
  const { above, remainders } = await withTransaction(primary, (client) => registerHomes(client, others));
  for (const home of others) await prepareHome(home, { above, remainder: remainders.get(home.name) ?? 0 });
  await withTransaction(primary, guardShards);
  return applied;
}

const Registered = z.array(z.object({ name: z.string(), remainder: z.int() }));

/** Gives each database a remainder, for good. */
async function registerHomes(client: Client, others: readonly HomeAddress[]) {
  // Whoever prepares waits here for whoever else does.
  await client.query("lock table order_homes in exclusive mode");
  await client.query("insert into order_homes (name, remainder) values ($1, 0) on conflict do nothing", [
    primaryHome,
  ]);
  for (const { name } of others)
    await client.query(
      `insert into order_homes (name, remainder)
        select $1, max(remainder) + 1 from order_homes on conflict (name) do nothing`,
      [name],
    );
  const { rows } = await client.query("select name, remainder from order_homes");
  const remainders = new Map(Registered.parse(rows).map(({ name, remainder }) => [name, remainder]));
  if (remainders.size > numbersStride)
    throw new Error(`There can be no more than ${numbersStride} databases.`);
  return { above: await keepNumbersApart(client, { remainder: 0, above: 0 }), remainders };
}

async function prepareHome(home: HomeAddress, numbers: { remainder: number; above: number }) {
  await withTransaction(home, async (client) => {
    await client.query("lock table shard_fences in exclusive mode");
    const { rowCount } = await client.query(
      "select from pg_trigger where tgrelid = 'orders'::regclass and tgname = $1",
      [guardName],
    );
    await guardShards(client);
    if (rowCount !== 0) return;
    await dropReferences(client, "orders", "users");
    await keepNumbersApart(client, numbers);
    await client.query(
      "insert into shard_fences (shard, state) select shard, 'closed' from generate_series(0, 1023) shard",
    );
  });
}

/** Users are in the primary alone. */
async function dropReferences(client: Client, from: string, to: string): Promise<void> {
  const { rows } = await client.query(
    "select conname from pg_constraint where conrelid = $1::regclass and confrelid = $2::regclass",
    [from, to],
  );
  for (const { conname } of z.array(z.object({ conname: z.string() })).parse(rows))
    await client.query(`alter table ${from} drop constraint ${client.escapeIdentifier(conname)}`);
}

const Sequence = z.tuple([z.object({ last: z.coerce.number(), step: z.coerce.number() })]);

/** @returns a number that no order has had in this database. */
async function keepNumbersApart(
  client: Client,
  { remainder, above }: { remainder: number; above: number },
): Promise<number> {
  const read = async () => {
    const { rows } = await client.query(
      `select numbers.last_value as last, sequences.increment_by as step from order_numbers numbers,
        pg_sequences sequences where sequences.sequencename = 'order_numbers' and schemaname = current_schema()`,
    );
    const [sequence] = Sequence.parse(rows);
    return sequence;
  };
  const before = await read();
  if (before.step === numbersStride) return before.last;
  // From here on nobody takes a number until this is committed.
  await client.query(`alter sequence order_numbers increment by ${numbersStride}`);
  const { last } = await read();
  const first = (Math.floor(Math.max(last, above) / numbersStride) + 1) * numbersStride + remainder;
  await client.query(`alter sequence order_numbers restart with ${first}`);
  return first;
}

/** Waits for the writers of each table, and from then on asks all of them. */
async function guardShards(client: Client): Promise<void> {
  const archived = archivedTables.map((table) => [`archive.${table}`, guardedTables[table]] as const);
  for (const [table, column] of [...Object.entries(guardedTables), ...archived]) {
    const { rowCount } = await client.query(
      "select from pg_trigger where tgrelid = $1::regclass and tgname = $2",
      [table, guardName],
    );
    if (rowCount !== 0) continue;
    await client.query(
      `create trigger ${guardName} before insert or update or delete on ${table}
        for each row execute function refuse_fenced_shards('${column}')`,
    );
  }
}

/** Runs the work in one transaction of a connection of its own: what was not committed ends with the connection. */
async function withTransaction<Result>(
  home: HomeAddress,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return withHome(home, async (client) => {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  });
}
