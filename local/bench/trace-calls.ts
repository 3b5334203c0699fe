import { z } from "zod";
import { openConnection } from "./connection.ts";
import type { WatchedShop } from "./count-calls.ts";
import { untilAllIsDone } from "./fill-shop.ts";
import { type Commits, countCommits } from "./measure-commits.ts";
import type { Operation } from "./operations.ts";
import type { ServiceCall, Watched } from "./service-calls.ts";

/** Isolate memory, keys and tables of objects are there. */
const WARM_UPS = 3;
const STATEMENT_CHARACTERS_MAX = 110;

/** What one operation asks of every service and writes to disk, until the events that it caused were handled. */
export async function traceOperation({ stack, calls }: WatchedShop, operation: Operation): Promise<string> {
  const connection = openConnection(calls.origin);
  try {
    const perform = operation.performer(connection);
    for (let round = 0; round < WARM_UPS; round += 1) await perform();
    await untilAllIsDone(stack);
    let startedAt = 0;
    const commits = await countCommits(stack, () => {
      calls.take();
      startedAt = performance.now();
      return perform();
    });
    return describeTrace(operation.name, { calls: calls.take(), startedAt, commits });
  } finally {
    await connection.close();
  }
}

type Trace = { calls: ServiceCall[]; startedAt: number; commits: Commits };

function describeTrace(name: string, { calls, startedAt, commits }: Trace): string {
  const lines = calls.map(({ service, atMs, ...call }) => {
    const at = (atMs - startedAt).toFixed(0).padStart(6);
    return `  ${at} ms  ${service.padEnd(6)}  ${summarise(service, call).join(`\n${" ".repeat(20)}`)}`;
  });
  const counts = [...Map.groupBy(calls, ({ service }) => service)]
    .map(([service, group]) => `${service} ${group.length}`)
    .join(", ");
  const objects = Object.entries(commits.objects)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([object, count]) => `${object} ${count}`)
    .join(", ");
  const objectCommits = Object.values(commits.objects).reduce((sum, count) => sum + count, 0);
  return [
    name,
    ...lines,
    "",
    `  calls: ${counts}`,
    `  commits to disk: ${commits.postgres} of Postgres, ${objectCommits} of objects (${objects})`,
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
