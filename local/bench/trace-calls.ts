import { Client } from "pg";
import { z } from "zod";
import type { BenchStack } from "./bench-stack.ts";
import { openConnection } from "./connection.ts";
import { untilEventsAreHandled } from "./fill-shop.ts";
import { type ObjectCommits, watchObjectCommits } from "./object-commits.ts";
import type { Operation } from "./operations.ts";
import type { ServiceCall, ServiceCalls, Watched } from "./service-calls.ts";

/** Isolate memory, keys and tables of objects are there. */
const WARM_UPS = 3;
const STATEMENT_CHARACTERS_MAX = 110;

type Place = { stack: BenchStack; calls: ServiceCalls };

/** What one operation asks of every service and writes to disk, until the events that it caused were handled. */
export async function traceOperation({ stack, calls }: Place, operation: Operation): Promise<string> {
  const connection = openConnection(calls.origin);
  try {
    const perform = operation.performer(connection);
    for (let round = 0; round < WARM_UPS; round += 1) await perform();
    await untilAllIsDone(stack);
    const transactionsBefore = await countTransactions(stack);
    const objects = await watchObjectCommits(stack.objectsFolder);
    calls.take();
    const startedAt = performance.now();
    await perform();
    await untilAllIsDone(stack);
    const commits = await objects.stop();
    const transactions = (await countTransactions(stack)) - transactionsBefore;
    return describeTrace(operation.name, { calls: calls.take(), startedAt, transactions, commits });
  } finally {
    await connection.close();
  }
}

/** Longer than any pause after which something else follows: a journal's copy, its wake-up, the index's write. */
const QUIET_MS = 3_000;

async function untilAllIsDone(stack: BenchStack): Promise<void> {
  await untilEventsAreHandled(stack);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  await untilEventsAreHandled(stack);
}

const Count = z.tuple([z.object({ count: z.coerce.number() })]);

/** Transactions that ever wrote: each commits once. */
export async function countTransactions(stack: BenchStack): Promise<number> {
  const database = new Client({ connectionString: stack.addresses.services.postgres });
  await database.connect();
  try {
    const { rows } = await database.query("select pg_snapshot_xmax(pg_current_snapshot())::text as count");
    return Count.parse(rows)[0].count;
  } finally {
    await database.end();
  }
}

type Trace = { calls: ServiceCall[]; startedAt: number; transactions: number; commits: ObjectCommits };

function describeTrace(name: string, { calls, startedAt, transactions, commits }: Trace): string {
  const lines = calls.map(({ service, atMs, ...call }) => {
    const at = (atMs - startedAt).toFixed(0).padStart(6);
    return `  ${at} ms  ${service.padEnd(6)}  ${summarise(service, call).join(`\n${" ".repeat(20)}`)}`;
  });
  const counts = [...Map.groupBy(calls, ({ service }) => service)]
    .map(([service, group]) => `${service} ${group.length}`)
    .join(", ");
  const objects = Object.entries(commits)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([object, count]) => `${object} ${count}`)
    .join(", ");
  const objectCommits = Object.values(commits).reduce((sum, count) => sum + count, 0);
  return [
    name,
    ...lines,
    "",
    `  calls: ${counts}`,
    `  commits to disk: ${transactions} of Postgres, ${objectCommits} of objects (${objects})`,
  ].join("\n");
}

const Statement = z.object({ query: z.string() });
const Sql = z.union([
  z.object({ queries: z.array(Statement) }),
  Statement.transform((one) => ({ queries: [one] })),
]);

function summarise(service: Watched, { method, path, body }: { method: string; path: string; body: string }) {
  if (service === "neon") return Sql.parse(JSON.parse(body)).queries.map(({ query }) => shorten(query));
  return [shorten(`${method} ${path} ${body}`)];
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > STATEMENT_CHARACTERS_MAX ? `${line.slice(0, STATEMENT_CHARACTERS_MAX)}…` : line;
}
