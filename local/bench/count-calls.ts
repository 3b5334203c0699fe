import { Client } from "pg";
import { z } from "zod";
import type { BenchStack } from "./bench-stack.ts";
import { untilAllIsDone } from "./fill-shop.ts";
import { performTimes } from "./load.ts";
import { countCommits } from "./measure-commits.ts";
import type { Operation } from "./operations.ts";
import type { ServiceCall, ServiceCalls } from "./service-calls.ts";

/** What a Worker calls, as far as the cost of the bare call differs. */
export const callKinds = ["read", "write", "lazyWrite", "redis", "queue", "mail", "search"] as const;
export type CallKind = (typeof callKinds)[number];

/** Calls of one operation with all that follows from it; writes that wait for the disk apart from those that do not. */
export type CallCounts = Readonly<Record<CallKind, number>>;

/** So many that what several share is shared as usual. */
const OPERATIONS_MIN = 32;
const WARM_UPS = 3;

/** A shop with a relay in front of each service. */
export type WatchedShop = { stack: BenchStack; calls: ServiceCalls };

/** Counts at each number of connections: the more there are, the more calls stand for several operations. */
export async function countCalls(
  shop: WatchedShop,
  operation: Operation,
  connections: readonly number[],
): Promise<ReadonlyMap<number, CallCounts>> {
  const { origin } = shop.calls;
  const perform = (count: number, operationsMin: number): Promise<number> =>
    performTimes({ origin, connections: count, performer: operation.performer, operationsMin });
  await perform(1, WARM_UPS);
  await untilAllIsDone(shop.stack);
  // Where one comes after the other, no two transactions share a flush.
  const { postgres } = await countCommits(shop.stack, () => perform(1, OPERATIONS_MIN));
  const flushes = postgres / OPERATIONS_MIN;
  const counted = new Map<number, CallCounts>();
  for (const count of connections) {
    const { operations, calls, transactions } = await watch(shop, () => perform(count, OPERATIONS_MIN));
    counted.set(count, averageOf({ operations, calls, transactions, flushes }));
  }
  return counted;
}

type Watched = { operations: number; calls: readonly ServiceCall[]; transactions: number };

async function watch({ stack, calls }: WatchedShop, work: () => Promise<number>): Promise<Watched> {
  calls.take();
  const before = await countTransactions(stack);
  const operations = await work();
  await untilAllIsDone(stack);
  const transactions = (await countTransactions(stack)) - before;
  return { operations, calls: calls.take(), transactions };
}

const Count = z.tuple([z.object({ count: z.coerce.number() })]);

/** Those that ever wrote: only they are given a number. */
async function countTransactions(stack: BenchStack): Promise<number> {
  const database = new Client({ connectionString: stack.addresses.services.postgres });
  await database.connect();
  try {
    const { rows } = await database.query("select pg_snapshot_xmax(pg_current_snapshot())::text as count");
    return Count.parse(rows)[0].count;
  } finally {
    await database.end();
  }
}

/** @param counted its flushes are those of one operation, all else of all operations together. */
export function averageOf({
  operations,
  calls,
  transactions,
  flushes,
}: Watched & { flushes: number }): CallCounts {
  const of = (service: ServiceCall["service"]): number =>
    calls.filter((call) => call.service === service).length / operations;
  const lazyWrite = Math.max(0, transactions / operations - flushes);
  return {
    read: Math.max(0, of("neon") - flushes - lazyWrite),
    write: flushes,
    lazyWrite,
    redis: of("redis"),
    queue: of("queue"),
    mail: of("mail"),
    search: of("search"),
  };
}
