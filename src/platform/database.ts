import { NeonDbError, neon, neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import type { BatchItem, BatchResponse } from "drizzle-orm/batch";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import type { Settings } from "./env.ts";

export type Database = NeonHttpDatabase;

/** The primary, which sees every write, and a replica, which may lag behind it by some milliseconds. */
export type Databases = { readonly primary: Database; readonly replica: Database };

/** Attempts at a transaction that Postgres gave up for serialisation or deadlock (40001, 40P01). */
const transactionAttemptsMax = 3;
const retryableCodes = new Set(["40001", "40P01"]);

/**
 * Connects over HTTP: one round trip a statement or batch, nothing kept between requests.
 * @param onCall is told of each round trip, so that requests can count what they cost.
 */
export function connectDatabases(settings: Settings, onCall: () => void): Databases {
  const endpoint = settings.NEON_FETCH_ENDPOINT;
  if (endpoint !== undefined) neonConfig.fetchEndpoint = () => endpoint;
  const logger = { logQuery: onCall };
  const connect = (url: string) => drizzle(countingTransactions(neon(url), onCall), { logger });
  const replicaUrls = settings.DATABASE_REPLICA_URLS;
  const replicaUrl = replicaUrls[Math.floor(Math.random() * replicaUrls.length)] ?? settings.DATABASE_URL;
  return { primary: connect(settings.DATABASE_URL), replica: connect(replicaUrl) };
}

/**
 * The same client, which reports each transaction. Drizzle reads this property for a batch and for nothing else, and
 * tells its logger of single statements only.
 */
function countingTransactions<Client extends object>(client: Client, onCall: () => void): Client {
  return new Proxy(client, {
    get(target, property) {
      if (property === "transaction") onCall();
      const value: unknown = Reflect.get(target, property);
      return value;
    },
  });
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

export async function pingDatabase(database: Database): Promise<void> {
  await database.execute(sql`select 1`);
}
