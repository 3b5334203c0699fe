import { describeShards } from "#platform/order-shards";
import { abandonMove, clearShards, moveShards, openShards, readMap } from "./shards/move-shards.ts";
import { type HomeAddress, bringUpToDate } from "./shards/prepare-homes.ts";
import { readHomes } from "./shards/read-homes.ts";
import { parseShardRange } from "./shards/shard-range.ts";
import { explainAndExit } from "./terminal.ts";

const usage = `npm run shards -- status
npm run shards -- move 512-767 --to west      then deploy with the ORDER_SHARDS that it prints
npm run shards -- open 512-767 --at west      once the deployment has reached every Worker
npm run shards -- clear 512-767 --from home   when nobody reads there any more
npm run shards -- abandon 512-767             before it is opened: all is as it was`;

/** `npm run shards`: moves orders between the databases of ORDER_DATABASES; the README says how. */
async function run([verb, shards, option, name]: readonly string[]): Promise<void> {
  const homes = readHomes(process.env);
  if (verb === "status") return console.log(`ORDER_SHARDS = "${describeShards(await readMap(homes))}"`);
  const range = parseShardRange(shards);
  switch (`${verb} ${option ?? ""}`.trim()) {
    case "move --to":
      return move(homes, { range, to: named(name) });
    case "open --at":
      return openShards(homes, { range, at: named(name) }, say);
    case "clear --from":
      return clearShards(homes, { range, from: named(name) }, say);
    case "abandon":
      return abandonMove(homes, range, say);
    default:
      throw new Error(`Usage:\n${usage}`);
  }
}

async function move(homes: readonly HomeAddress[], asked: Parameters<typeof moveShards>[1]): Promise<void> {
  await bringUpToDate(homes);
  await moveShards(homes, asked, say);
  const map = [...(await readMap(homes))].fill(asked.to, asked.range.first, asked.range.last + 1);
  console.log(`Now deploy with\n  ORDER_SHARDS = "${describeShards(map)}"\nand then open them. Until then
their orders are read and not written: whoever tries is told to try again.`);
}

function named(name: string | undefined): string {
  if (name === undefined) throw new Error(`Name the database.\n${usage}`);
  return name;
}

function say(step: string): void {
  console.log(step);
}

await run(process.argv.slice(2)).catch(explainAndExit);
