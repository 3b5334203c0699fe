import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a state folder for this process; returns how to give it back, or undefined when another process has it.
 * SQLite's lock on the file is the kernel's, which no killed process can leave behind. The wait blocks the thread.
 */
export async function lockState(stateFolder: string, waitMsMax = 0): Promise<(() => void) | undefined> {
  await mkdir(stateFolder, { recursive: true });
  const database = new DatabaseSync(join(stateFolder, "lock.sqlite"), { timeout: waitMsMax });
  try {
    database.exec("begin exclusive");
  } catch (fault) {
    database.close();
    if (fault instanceof Error && fault.message.includes("locked")) return undefined;
    throw fault;
  }
  return () => database.close();
}
