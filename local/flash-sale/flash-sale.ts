import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { explainAndExit } from "../terminal.ts";
import { openOwnShop } from "../own-shop.ts";
import { describeReport, faultsOf } from "./report.ts";
import { runFlashSale } from "./run-flash-sale.ts";

/**
 * `npm run flash-sale`: scarce units, a crowd, and a Worker that is killed meanwhile, in a shop of its own.
 * `--history FILE` keeps what the buyers saw, for `go run . FILE` in tests/linearizability.
 */

const Options = z.object({
  buyers: z.coerce.number().int().min(1).max(100_000),
  units: z.coerce.number().int().min(2).max(100_000),
  kills: z.coerce.number().int().min(0).max(100),
  concurrency: z.coerce.number().int().min(1).max(1_000),
});

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      buyers: { type: "string", default: "2000" },
      units: { type: "string", default: "200" },
      kills: { type: "string", default: "3" },
      concurrency: { type: "string", default: "100" },
      history: { type: "string" },
    },
  });
  const options = Options.parse(values);
  const tell = (line: string): void => console.error(line);
  const shop = await openOwnShop(tell);
  try {
    const report = await runFlashSale({ ...shop, tell }, options);
    if (values.history !== undefined) await writeFile(values.history, JSON.stringify(report.history));
    console.log(describeReport(report));
    return faultsOf(report).length === 0 ? 0 : 1;
  } finally {
    await shop.end();
  }
}

await run().then((code) => process.exit(code), explainAndExit);
