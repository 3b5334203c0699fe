import { type HomeAddress, homeNamed } from "../shards/homes.ts";
import type { MonthsTask } from "./tend-months.ts";

const usage = `Use one of
  npm run partitions -- list               which months there are, and where
  npm run partitions -- make               room for this month and three ahead
  npm run partitions -- retire 2025-03     archives a month whose business is over
  npm run partitions -- restore 2025-03    brings it back
each for all databases of orders, or with --at NAME for one of them.`;

/** @throws Error that says what was wrong with the words of the command, and what they could be. */
export function readMonthsTask(
  words: readonly string[],
  homes: readonly HomeAddress[],
): { task: MonthsTask; homes: readonly HomeAddress[] } {
  const at = words.indexOf("--at");
  const [verb, month, ...rest] = at < 0 ? words : words.toSpliced(at, 2);
  const chosen = at < 0 ? homes : [homeNamed(homes, words[at + 1])];
  const [surplus] = verb === "list" || verb === "make" ? [month] : rest;
  if (surplus !== undefined) throw new Error(`"${surplus}" means nothing here. ${usage}`);
  if (verb === "list" || verb === "make") return { task: { verb }, homes: chosen };
  if (verb !== "retire" && verb !== "restore")
    throw new Error(verb === undefined ? usage : `There is no "${verb}". ${usage}`);
  if (month === undefined || !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new Error(
      `Which month? ${month === undefined ? "" : `"${month}" is none. `}Use: npm run partitions -- ${verb} 2025-03`,
    );
  return { task: { verb, month }, homes: chosen };
}
