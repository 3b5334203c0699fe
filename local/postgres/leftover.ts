import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProcess } from "./process-table.ts";

const FAST_SHUTDOWN_MS_MAX = 10_000;
const POLL_MS = 20;

/** A Postgres setting of our own: who started it, readable on its command line by a later start. */
export const STARTED_BY = "tradewind.started_by";

/**
 * Ends the Postgres that a killed start left running on this data folder, if there is one, and
 * refuses where the one who started it is alive. A lock file whose process id now belongs to another
 * program is removed, since Postgres would refuse to start; one whose process is gone stays, for
 * Postgres itself knows how to check it.
 */
export async function endLeftoverServer(dataFolder: string): Promise<void> {
  const lockFile = join(dataFolder, "postmaster.pid");
  if (!existsSync(lockFile)) return;
  const pid = Number((await readFile(lockFile, "utf8")).split("\n")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return rm(lockFile, { force: true });
  const found = await findProcess(pid);
  if (found === undefined) return;
  if (!found.command.includes(` -D ${dataFolder} `)) return rm(lockFile, { force: true });
  // An orphan gets a new parent, so this one still has the parent that started it.
  if (found.command.includes(` ${STARTED_BY}=${found.parent} `)) {
    throw new Error(`${dataFolder} is in use: process ${found.parent} runs Postgres ${pid} on it.`);
  }
  await endServer(pid);
}

async function endServer(pid: number): Promise<void> {
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + FAST_SHUTDOWN_MS_MAX;
  while ((await findProcess(pid)) !== undefined) {
    if (Date.now() > deadline) {
      throw new Error(`A Postgres of an earlier start (process ${pid}) does not end. End it by hand.`);
    }
    await sleep(POLL_MS);
  }
}
