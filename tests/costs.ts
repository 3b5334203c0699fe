import type { Answer } from "./shop-client.ts";

/** What a request cost, as the Worker itself counted: calls of Postgres and of Durable Objects. */
export function costOf({ headers }: Answer): { databaseCalls: number; objectCalls: number } {
  const timing = headers.get("server-timing") ?? "";
  const [databaseCalls, objectCalls] = [...timing.matchAll(/desc="(\d+)"/g)].map(([, count]) =>
    Number(count),
  );
  if (databaseCalls === undefined || objectCalls === undefined) throw new Error(`No costs in "${timing}"`);
  return { databaseCalls, objectCalls };
}
