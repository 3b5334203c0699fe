import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** The folder of the project, without a trailing slash. */
export const projectFolder = dirname(import.meta.dirname);

/** What error reports call this build: the package's version and the commit, where there is git. */
export async function readRelease(): Promise<string> {
  const file = await readFile(join(projectFolder, "package.json"), "utf8");
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(file));
  const commit = await run("git", ["rev-parse", "--short=12", "HEAD"], { cwd: projectFolder }).then(
    ({ stdout }) => `+${stdout.trim()}`,
    () => "",
  );
  return `tradewind@${version}${commit}`;
}
