import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { partNames } from "./part-launchers.ts";
import { readStackSettings } from "./stack-settings.ts";
import { lockState } from "./state-lock.ts";
import { explainAndExit } from "./terminal.ts";

/** What the stack makes in its state folder. Nothing else is removed, in case the folder is another one by mistake. */
const CONTENTS = [...partNames, "logs", "secrets.json", "stack.json", "lock.sqlite"];

/** `npm run reset`: forgets everything that the local shop has kept. */
async function reset(): Promise<void> {
  const { stateFolder } = readStackSettings(process.env);
  if (!existsSync(stateFolder)) return console.log(`There is nothing to forget in ${stateFolder}.`);
  const folders = [
    stateFolder,
    ...partNames.map((name) => join(stateFolder, name)).filter((one) => existsSync(one)),
  ];
  const unlocks = [];
  for (const folder of folders) {
    const unlock = await lockState(folder);
    if (unlock === undefined) {
      throw new Error(
        `Something still runs on ${folder}. Stop it first: Ctrl-C where npm start or npm run service runs.`,
      );
    }
    unlocks.push(unlock);
  }
  await Promise.all(CONTENTS.map((name) => rm(join(stateFolder, name), { recursive: true, force: true })));
  for (const unlock of unlocks) unlock();
  console.log(`Everything in ${stateFolder} is forgotten; the next start begins anew.`);
}

await reset().catch(explainAndExit);
