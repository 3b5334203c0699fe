import { Client } from "pg";
import { stack } from "./stack.ts";

/** Runs one statement on the shared stack's primary: for looking behind the API, and for moving clocks. */
export async function inDatabase(statement: string, values: readonly unknown[]): Promise<unknown[]> {
  const client = new Client({ connectionString: stack().services.postgres });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}
