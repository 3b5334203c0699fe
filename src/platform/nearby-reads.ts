import { sql } from "drizzle-orm";
import { z } from "zod";
import { secondMs } from "#core/time";
import type { Seeing } from "./consistency.ts";
import type { Context } from "./context.ts";
import { type Database, type Replica, connectDatabases, databaseErrorOf } from "./database.ts";
import { LateError, within } from "./deadline.ts";
import { errorFields } from "./log.ts";
import { type Lags, type Replayed, lagOf, nearest } from "./replica-standing.ts";

/** A replica that takes longer is taken for dead, and the primary is asked. */
const answerMsMax = 2 * secondMs;
/** While there are readers, the lags are measured as often as this; so soon a healthy replica is taken back. */
const measureEveryMs = 5 * secondMs;

/** What this isolate knows of the replicas. */
let lags: Lags | undefined;
let measuredAt = 0;
const out = new Set<string>();

/**
 * Reads what may be some moments old: from a replica that is up, near the primary, and has seen what the request's
 * Consistency-Token stands for; else from the primary. Read nothing here that decides over stock or money.
 * @throws what the primary's reading throws, or the statement's own fault.
 */
export async function readNearby<Value>(
  context: Context,
  read: (database: Database) => Promise<Value>,
): Promise<Value> {
  const replica = chooseReplica(context);
  if (replica === undefined) return read(context.databases.primary);
  try {
    const reading = async () =>
      (await hasSeen(replica.database, context.mustSee))
        ? { value: await read(replica.database) }
        : undefined;
    const answer = await within(answerMsMax, reading());
    if (answer !== undefined) return answer.value;
  } catch (error) {
    if (!isReplicasFault(error)) throw error;
    out.add(replica.name);
    context.log("warn", "a replica does not answer; reading from the primary", errorFields(error));
  }
  return read(context.databases.primary);
}

function chooseReplica(context: Context): Replica | undefined {
  const { databases, settings } = context;
  if (databases.replicas.length === 0) return undefined;
  if (context.now() - measuredAt >= measureEveryMs) measureSoon(context);
  // A repeated answer does not know its transaction: only the primary has surely seen it.
  if (context.mustSee?.transactions.length === 0) return undefined;
  const names = databases.replicas.map(({ name }) => name);
  const near = nearest(names, { lags, out }, settings.REPLICA_LAG_SECONDS_MAX * secondMs);
  const chosen = near[Math.floor(Math.random() * near.length)];
  return databases.replicas.find(({ name }) => name === chosen);
}

const Seen = z.tuple([z.object({ seen: z.boolean() })]);

/**
 * Asked before the reading, which then sees at least as much. A replica replays commits in the primary's order. Its
 * `pg_current_snapshot` does not list what is still under way, so that each transaction is asked for by itself, and only
 * when the replica has come to it: before that, Postgres refuses to tell.
 */
async function hasSeen(database: Database, mustSee: Seeing | undefined): Promise<boolean> {
  if (mustSee === undefined) return true;
  const ids = `{${mustSee.transactions.join(",")}}`;
  const { rows } = await database.execute(sql`
    select bool_and(case when id < pg_snapshot_xmax(pg_current_snapshot())
        then pg_xact_status(id) is not distinct from 'committed' else false end) as seen
      from unnest(${ids}::xid8[]) id`);
  return Seen.parse(rows)[0].seen;
}

/**
 * Classes of Postgres' own errors that tell of the server's state or of the recovery, not of the statement; that it took
 * longer than it may (57014) is the statement's own fault.
 */
const serversFault = /^(?:08|25006|40|53|55|57(?!014)|58|XX)/;

function isReplicasFault(error: unknown): boolean {
  const fault = databaseErrorOf(error);
  if (fault === undefined) return error instanceof LateError;
  return fault.code === undefined || serversFault.test(fault.code);
}

/** Measures after the response, once per isolate, with connections that no request's costs are counted by. */
function measureSoon(context: Context): void {
  measuredAt = context.now();
  const measuring = measure(context).catch((error: unknown) =>
    context.log("warn", "the lag of the replicas is not known", errorFields(error)),
  );
  context.afterResponse(measuring);
}

async function measure(context: Context): Promise<void> {
  const { primary, replicas } = connectDatabases(context.settings, { onCall: () => undefined });
  // The primary first: a replica that has come as far by then is not behind.
  const { place } = await within(answerMsMax, replayedBy(primary));
  const measured = await Promise.all(
    replicas.map(async ({ name, database }) => {
      try {
        return [name, lagOf(place, await within(answerMsMax, replayedBy(database)))] as const;
      } catch (error) {
        context.log("warn", "a replica does not answer", errorFields(error));
        return undefined;
      }
    }),
  );
  lags = new Map(measured.filter((entry) => entry !== undefined));
  for (const name of lags.keys()) out.delete(name);
}

const ReplayedRow = z.tuple([
  z.object({ place: z.string().transform(BigInt), since_commit_ms: z.coerce.number().nullable() }),
]);

/** How far a replica, or the primary itself, has come. */
async function replayedBy(database: Database): Promise<Replayed> {
  const { rows } = await database.execute(sql`
    select pg_wal_lsn_diff(
        case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0')::text as place,
      extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 as since_commit_ms`);
  const [{ place, since_commit_ms: sinceCommitMs }] = ReplayedRow.parse(rows);
  return { place, sinceCommitMs };
}
