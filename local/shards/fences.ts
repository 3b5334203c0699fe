import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { z } from "zod";
import { type ShardRange, shardsOf } from "./shard-range.ts";
import { waitingEvents } from "./shard-rows.ts";

/** A shard in one database: open where its orders are written; see shard_fences in the migrations. */
export type Standing =
  | { readonly state: "open" | "closed" }
  | { readonly state: "moving" | "moved"; readonly target: string };

const Fences = z.array(
  z.object({ shard: z.int(), state: z.enum(["closed", "moving", "moved"]), target: z.string().nullable() }),
);

/** How every shard stands in this database; those without a fence are open. */
export async function readStandings(client: Client): Promise<(shard: number) => Standing> {
  const { rows } = await client.query("select shard, state, target from shard_fences");
  const standings = new Map<number, Standing>(
    Fences.parse(rows).map(({ shard, state, target }) => [
      shard,
      state === "closed" || target === null ? { state: "closed" } : { state, target },
    ]),
  );
  return (shard) => standings.get(shard) ?? { state: "open" };
}

/** The lock of refuse_fenced_shards. */
const fenceLock = 7_461_043;

/**
 * Lets nobody write orders of these shards any more, and waits for those who are writing. What sweeps would take up is put
 * off for good, since a sweep takes orders of many shards at once: its checks and events wait until the shard is opened.
 */
export async function fence(client: Client, range: ShardRange, target: string): Promise<void> {
  const { first, last } = range;
  await client.query("begin");
  // Checks are put off before the fence is there, which would refuse that too.
  await client.query("set local tradewind.moves_shards = 'on'");
  await client.query(
    `insert into shard_fences (shard, state, target)
      select shard, 'moving', $3 from generate_series($1::int, $2::int) shard
      on conflict (shard) do nothing`,
    [first, last, target],
  );
  await client.query("commit");
  for (const shard of shardsOf(range))
    await client.query("select pg_advisory_lock($1, $2), pg_advisory_unlock($1, $2)", [fenceLock, shard]);
  await putOff(client, range);
}

const leaseMsMax = 60_000;
const pollMs = 200;

async function putOff(client: Client, range: ShardRange): Promise<void> {
  const values = [range.first, range.last];
  await client.query("begin");
  await client.query("set local tradewind.moves_shards = 'on'");
  for (const table of ["payment_attempts", "refunds"])
    await client.query(
      `update ${table} set next_check_at = 'infinity'
        where shard_of(order_id) between $1 and $2 and next_check_at < 'infinity'`,
      values,
    );
  await client.query("commit");
  // Events that somebody is delivering right now are waited for, so that nobody hears of them twice.
  for (const until = Date.now() + leaseMsMax; ;) {
    await client.query(
      `update outbox set leased_until = 'infinity' where ${waitingEvents} and leased_until < now()`,
      values,
    );
    const { rowCount } = await client.query(
      `select from outbox where ${waitingEvents} and leased_until < 'infinity' and dead_at is null limit 1`,
      values,
    );
    if (rowCount === 0) return;
    if (Date.now() > until)
      throw new Error("Events of these shards are still being delivered. Run the same command again.");
    await sleep(pollMs);
  }
}

/** What was put off is due. */
async function resume(client: Client, { first, last }: ShardRange): Promise<void> {
  await client.query("set local tradewind.moves_shards = 'on'");
  for (const table of ["payment_attempts", "refunds"])
    await client.query(
      `update ${table} set next_check_at = now()
        where shard_of(order_id) between $1 and $2 and next_check_at = 'infinity'`,
      [first, last],
    );
  await client.query(
    `update outbox set leased_until = '-infinity' where ${waitingEvents} and leased_until = 'infinity'`,
    [first, last],
  );
}

/** Lets orders of these shards be written here from now on, and takes up what was put off. */
export async function unfence(client: Client, range: ShardRange): Promise<void> {
  await client.query("begin");
  await resume(client, range);
  await client.query("delete from shard_fences where shard between $1 and $2", [range.first, range.last]);
  await client.query("commit");
}

/** From now on the shards are elsewhere for good. */
export async function markMoved(client: Client, { first, last }: ShardRange): Promise<void> {
  await client.query("update shard_fences set state = 'moved' where shard between $1 and $2", [first, last]);
}
