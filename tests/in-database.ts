import { setTimeout as sleep } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { stack } from "./stack.ts";

/** Deadlock and lock timeout: whoever archives a month and whoever reads many tables meanwhile give up for each other. */
const gaveUp = ["40P01", "55P03"];
const attemptsMax = 40;
const pauseMs = 250;

/** Runs one statement on the shared stack's primary: for looking behind the API, and for moving clocks. */
export async function inDatabase(statement: string, values: readonly unknown[]): Promise<unknown[]> {
  const client = new Client({ connectionString: stack().services.postgres });
  await client.connect();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
      } catch (error) {
        const mayBeRepeated = error instanceof DatabaseError && gaveUp.includes(error.code ?? "");
        if (!mayBeRepeated || attempt === attemptsMax) throw error;
        await sleep(pauseMs);
      }
    }
  } finally {
    await client.end();
  }
}
