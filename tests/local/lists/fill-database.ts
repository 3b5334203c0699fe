import { Client } from "pg";
import { migrate } from "#local/migrate";

/** Migrates a database and fills it by these statements, in one session. */
export async function fillDatabase(databaseUrl: string, statements: readonly string[]): Promise<void> {
  await migrate(databaseUrl);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
