import { readHomes } from "./shards/read-homes.ts";
import { bringUpToDate } from "./shards/prepare-homes.ts";
import { explainAndExit } from "./terminal.ts";

/** `npm run migrate`: brings the database of DATABASE_URL up to date, and those of ORDER_DATABASES. */
async function migrateDatabases(): Promise<void> {
  const applied = await bringUpToDate(readHomes(process.env, "migrate"));
  console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}`);
}

await migrateDatabases().catch(explainAndExit);
