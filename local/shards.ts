import { describeShards } from "#platform/order-shards";
import {
  abandonMove,
  clearShards,
  moveShards,
  openShards,
  readMap,
  readMoves,
} from "./shards/move-shards.ts";
import { type HomeAddress, homeNamed } from "./shards/homes.ts";
import { bringUpToDate } from "./shards/prepare-homes.ts";
import { readHomes } from "./shards/read-homes.ts";
import { parseShardRange } from "./shards/shard-range.ts";
import { explainAndExit } from "./terminal.ts";

const usage = `npm run shards -- status
npm run shards -- move 512-767 --to west      then deploy with the ORDER_SHARDS that it prints
npm run shards -- open 512-767 --at west      once the deployment has reached every Worker
npm run shards -- clear 512-767 --from home   when nobody reads there any more
npm run shards -- abandon 512-767             before it is opened: all is as it was`;

const forms = ["status", "move --to", "open --at", "clear --from", "abandon"];

/** `npm run shards`: moves orders between the databases of ORDER_DATABASES; the README says how. */
async function run(words: readonly string[]): Promise<void> {
  const [verb, shards, option, name, surplus] = words;
  const form = `${verb} ${option ?? ""}`.trim();
  if (!forms.includes(form) || surplus !== undefined)
    throw new Error(`"${words.join(" ")}" is none of these:\n${usage}`);
  const homes = readHomes(process.env, "shards -- status");
  if (verb === "status") return tellStatus(homes);
  const range = parseShardRange(shards);
  if (verb === "abandon") return abandonMove(homes, range, say);
  const home = homeNamed(homes, name).name;
  if (verb === "move") return move(homes, { range, to: home });
  if (verb === "open") return openShards(homes, { range, at: home }, say);
  return clearShards(homes, { range, from: home }, say);
}

async function tellStatus(homes: readonly HomeAddress[]): Promise<void> {
  console.log(`ORDER_SHARDS = "${describeShards(await readMap(homes))}"`);
  const moves = await readMoves(homes);
  for (const move of moves) say(move);
  if (moves.length > 0)
    say("Their orders are not written until they are opened there, or the move is abandoned.");
}

async function move(homes: readonly HomeAddress[], asked: Parameters<typeof moveShards>[1]): Promise<void> {
  await bringUpToDate(homes);
  await moveShards(homes, asked, say);
  const map = [...(await readMap(homes))].fill(asked.to, asked.range.first, asked.range.last + 1);
  console.log(`Now deploy with\n  ORDER_SHARDS = "${describeShards(map)}"\nand then open them. Until then
their orders are read and not written: whoever tries is told to try again.`);
}

function say(step: string): void {
  console.log(step);
}

await run(process.argv.slice(2)).catch(explainAndExit);
