import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { withPrefix, type Binaries } from "./binaries.ts";
import { HOST_BASED_AUTHENTICATION, LOCAL_LOGIN } from "./settings.ts";

const run = promisify(execFile);

const REMOVAL_TRIES_MAX = 5;

/**
 * Makes the primary's data folder if there is none. It is made under another name and renamed when
 * complete, so what a killed start left half-made is never mistaken for a database.
 */
export async function ensurePrimaryFolder(
  binaries: Binaries,
  folders: { primary: string; replica: string },
): Promise<void> {
  if (existsSync(folders.primary)) return;
  // A replica without its primary copies another database.
  await rm(folders.replica, { recursive: true, force: true });
  await removeHalfMade(folders.primary);
  // A name of its own, since the initdb of a killed start may still be at work on the last one.
  const partial = `${folders.primary}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await initialize(binaries, partial);
  await writeFile(join(partial, "pg_hba.conf"), HOST_BASED_AUTHENTICATION);
  await rename(partial, folders.primary);
}

async function removeHalfMade(folder: string): Promise<void> {
  const names = await readdir(dirname(folder));
  const halfMade = names.filter((name) => name.startsWith(`${basename(folder)}.partial`));
  const options = { recursive: true, force: true, maxRetries: REMOVAL_TRIES_MAX };
  await Promise.all(halfMade.map((name) => rm(join(dirname(folder), name), options)));
}

async function initialize(binaries: Binaries, dataFolder: string): Promise<void> {
  const passwordFile = `${dataFolder}.password`;
  await writeFile(passwordFile, `${LOCAL_LOGIN.password}\n`, { mode: 0o600 });
  const [program, ...words] = withPrefix(binaries, binaries.initdb);
  try {
    await run(program, [
      ...words,
      `--pgdata=${dataFolder}`,
      `--username=${LOCAL_LOGIN.user}`,
      `--pwfile=${passwordFile}`,
      "--auth=password",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--locale=C",
      "--builtin-locale=C.UTF-8",
      // The usual 4096 would make every new connection pay milliseconds for a password that is public.
      "--set=scram_iterations=1",
      "--no-instructions",
      "--no-sync",
    ]);
  } catch (cause) {
    throw new Error(`initdb could not make ${dataFolder}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}
