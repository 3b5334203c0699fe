import { Client, DatabaseError } from "pg";
import { stack } from "./stack.ts";

/** Of a statement that reads many tables while another file archives months Postgres may make the victim. */
const deadlockDetected = "40P01";
const attemptsMax = 5;

/** Runs one statement on the shared stack's primary: for looking behind the API, and for moving clocks. */
export async function inDatabase(statement: string, values: readonly unknown[]): Promise<unknown[]> {
  const client = new Client({ connectionString: stack().services.postgres });
  await client.connect();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
      } catch (error) {
        const isVictim = error instanceof DatabaseError && error.code === deadlockDetected;
        if (!isVictim || attempt === attemptsMax) throw error;
      }
    }
  } finally {
    await client.end();
  }
}
