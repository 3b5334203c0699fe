import { explainAndExit } from "./terminal.ts";
import { migrate } from "./migrate.ts";

/** `npm run migrate`: brings the database of DATABASE_URL up to date. */
async function migrateDatabase(): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"];
  if (databaseUrl === undefined || databaseUrl === "") {
    throw new Error(
      "DATABASE_URL is not set. Give the primary's connection string, for example: " +
        "DATABASE_URL=postgresql://user:password@host/database npm run migrate",
    );
  }
  const applied = await migrate(databaseUrl);
  console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}`);
}

await migrateDatabase().catch(explainAndExit);
