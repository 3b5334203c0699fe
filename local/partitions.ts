import { readMonthsTask } from "./months/read-task.ts";
import { tendMonths } from "./months/tend-months.ts";
import { readHomes } from "./shards/read-homes.ts";
import { shopDatabaseUrl } from "./shop-database-url.ts";
import { explainAndExit } from "./terminal.ts";

/**
 * `npm run partitions -- …`: the months of orders in the database of DATABASE_URL, or else of the local shop, and in those
 * of ORDER_DATABASES. Ends with a failure when a month is not as it was asked for.
 */
async function tendPartitions(words: readonly string[]): Promise<void> {
  const all = readHomes({ ...process.env, DATABASE_URL: await shopDatabaseUrl() }, "partitions -- list");
  const { task, homes } = readMonthsTask(words, all);
  if (!(await tendMonths(homes, task, (line) => console.log(line)))) process.exitCode = 1;
}

await tendPartitions(process.argv.slice(2)).catch(explainAndExit);
