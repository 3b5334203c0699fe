import {
  NeonDbError,
  type NeonQueryFunction,
  type NeonQueryPromise,
  neon,
  neonConfig,
} from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import type { BatchItem, BatchResponse } from "drizzle-orm/batch";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import { z } from "zod";
import { type TransactionId, transactionIdOf } from "#core/transaction-id";
import type { Settings } from "./env.ts";
import { primaryHome } from "./order-shards.ts";

export type Database = NeonHttpDatabase;

/** A copy of the primary that is some moments behind it, and the name by which an isolate remembers how far. */
export type Replica = { readonly name: string; readonly database: Database };

/** One of the databases in which orders live, with all that belongs to them. */
export type OrderHome = { readonly name: string; readonly database: Database };

/** Every home of orders, the primary first, and which of them each shard has; ask through platform/order-homes. */
type OrderHomes = { readonly all: readonly OrderHome[]; readonly ofShard: (shard: number) => OrderHome };

/** The primary, which sees every write, and its replicas; read those through readNearby. */
export type Databases = {
  readonly primary: Database;
  readonly replicas: readonly Replica[];
  readonly orders: OrderHomes;
};

/** What a request wants to know of its calls. */
export type DatabaseWatch = {
  /** Told of each round trip, so that requests can count what they cost. */
  readonly onCall: () => void;
  /** Told of each batch of the primary that wrote, once it is committed. */
  readonly onWrite?: ((transaction: TransactionId) => void) | undefined;
  /** The same of the other databases of orders, whose transactions mean nothing to the primary's replicas. */
  readonly onWriteElsewhere?: ((transaction: TransactionId) => void) | undefined;
};

/** Attempts at a transaction that Postgres gave up for serialisation or deadlock (40001, 40P01). */
const transactionAttemptsMax = 3;
const retryableCodes = new Set(["40001", "40P01"]);

/**
 * Connects over HTTP: one round trip a statement or batch, nothing kept between requests. Many requests need no
 * database, so that each client is made when it is first asked for.
 */
export function connectDatabases(
  settings: Settings,
  { onCall, onWrite, onWriteElsewhere }: DatabaseWatch,
): Databases {
  const endpoint = settings.NEON_FETCH_ENDPOINT;
  if (endpoint !== undefined) neonConfig.fetchEndpoint = () => endpoint;
  const connect = (url: string, watch: DatabaseWatch) =>
    drizzle(watchTransactions(neon(url), watch), { logger: { logQuery: onCall } });
  let primary: Database | undefined;
  let replicas: readonly Replica[] | undefined;
  let orders: OrderHomes | undefined;
  return {
    get primary() {
      return (primary ??= connect(settings.DATABASE_URL, { onCall, onWrite }));
    },
    get replicas() {
      return (replicas ??= settings.DATABASE_REPLICA_URLS.map((url) => ({
        name: url,
        database: connect(url, { onCall }),
      })));
    },
    get orders() {
      const elsewhere = (url: string) => connect(url, { onCall, onWrite: onWriteElsewhere });
      return (orders ??= orderHomesOf(settings, this.primary, elsewhere));
    },
  };
}

function orderHomesOf(
  { ORDER_DATABASES: others, ORDER_SHARDS: homes }: Settings,
  primary: Database,
  connect: (url: string) => Database,
): OrderHomes {
  const home = { name: primaryHome, database: primary };
  if (others.length === 0) return { all: [home], ofShard: () => home };
  const all = [home, ...others.map(({ name, url }) => ({ name, database: connect(url) }))];
  const byName = new Map(all.map((each) => [each.name, each]));
  return { all, ofShard: (shard) => byName.get(homes[shard] ?? primaryHome) ?? home };
}

type Client = NeonQueryFunction<false, false>;
type Query = NeonQueryPromise<false, false>;

/**
 * The same client, which reports each transaction: drizzle reads this property for a batch and for nothing else, and
 * tells its logger of single statements only. A batch that may write also asks for its own transaction's id, which
 * costs a statement and no round trip.
 */
function watchTransactions(client: Client, { onCall, onWrite }: DatabaseWatch): Client {
  const transaction = async (queries: Query[], options?: Parameters<Client["transaction"]>[1]) => {
    onCall();
    if (onWrite === undefined || queries.every(onlyReads)) return client.transaction(queries, options);
    const asked = client.query("select pg_current_xact_id_if_assigned()::text as id");
    const results = await client.transaction([...queries, asked], options);
    const [[id]] = OwnId.parse(results.pop()).rows;
    if (id !== null) onWrite(transactionIdOf(id));
    return results;
  };
  return new Proxy(client, {
    get(target, property) {
      if (property === "transaction") return transaction;
      const value: unknown = Reflect.get(target, property);
      return value;
    },
  });
}

/** In the shape in which drizzle asks for the results of a batch. */
const OwnId = z.object({ rows: z.tuple([z.tuple([z.string().nullable()])]) });

/** Statements that write begin with insert, update, delete or with. */
function onlyReads({ queryData }: Query): boolean {
  return "query" in queryData && /^\s*select\b/i.test(queryData.query);
}

type Statements = readonly [BatchItem<"pg">, ...BatchItem<"pg">[]];

/** Runs the statements as one transaction in one round trip: all of them or none. */
export async function transact<Batch extends Statements>(
  database: Database,
  statements: Batch,
): Promise<BatchResponse<Batch>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.batch<Batch[number], Batch>(statements);
    } catch (error) {
      const code = databaseErrorOf(error)?.code;
      if (code === undefined || !retryableCodes.has(code) || attempt === transactionAttemptsMax) throw error;
    }
  }
}

/**
 * Has the transaction commit without waiting for the disk: for leases and marks, whose loss in a crash of the database
 * has something repeated that may be repeated. Whatever commits afterwards in the usual way takes it to disk as well.
 */
export const committingLazily = sql`select set_config('synchronous_commit', 'off', true)`;

/** Postgres' own error, which drizzle wraps, or undefined when the fault is another. */
export function databaseErrorOf(error: unknown): NeonDbError | undefined {
  let current = error;
  while (current instanceof Error) {
    if (current instanceof NeonDbError) return current;
    current = current.cause;
  }
  return undefined;
}

/** True when the statement broke this unique constraint. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const fault = databaseErrorOf(error);
  return fault?.code === "23505" && fault.constraint === constraint;
}

/** True when a guarded statement found that somebody else had changed the row: see expect_rows in the migrations. */
export function lostRace(error: unknown): boolean {
  return databaseErrorOf(error)?.code === "TW001";
}

/** True when the database did not even begin with the statement: it is away, is starting, or lets nobody in. */
export function isUnreachable(error: unknown): boolean {
  const fault = databaseErrorOf(error);
  return fault !== undefined && (fault.code === undefined || fault.severity === "FATAL");
}

/** True when the order's shard is being moved to another database: see refuse_fenced_shards in the migrations. */
export function isMoving(error: unknown): boolean {
  return databaseErrorOf(error)?.code === "TW006";
}

export async function pingDatabase(database: Database): Promise<void> {
  await database.execute(sql`select 1`);
}
