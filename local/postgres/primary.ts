import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { uptime } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeOnce } from "../made-once.ts";
import { projectFolder } from "../project.ts";
import { withPrefix, type Binaries } from "./binaries.ts";
import { copyFolder } from "./copy-folder.ts";
import { HOST_BASED_AUTHENTICATION, LOCAL_LOGIN } from "./settings.ts";

const run = promisify(execFile);

/** What initdb made, by what it was told: it takes seconds, and a copy of what it made tenths of one. */
const TEMPLATES = join(projectFolder, "node_modules", ".cache", "tradewind-databases");

const INITDB_WORDS = [
  `--username=${LOCAL_LOGIN.user}`,
  "--auth=password",
  "--encoding=UTF8",
  "--locale-provider=builtin",
  "--locale=C",
  "--builtin-locale=C.UTF-8",
  // The usual 4096 would make every new connection pay milliseconds for a password that is public.
  "--set=scram_iterations=1",
  "--no-instructions",
  "--no-sync",
];

/** The time of the machine's start, which is worked out and differs a little each time. */
const BOOT_TIME_STEP_MS = 600_000;

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
  const halfMade = `${basename(folders.primary)}.partial`;
  await removeFrom(dirname(folders.primary), (name) => name.startsWith(halfMade));
  const partial = `${folders.primary}.partial-${process.pid}`;
  await copyFolder(await ensureTemplate(binaries), partial);
  await writeFile(join(partial, "pg_hba.conf"), HOST_BASED_AUTHENTICATION);
  await rename(partial, folders.primary);
}

async function removeFrom(folder: string, isRemoved: (name: string) => boolean): Promise<void> {
  const names = (await readdir(folder)).filter(isRemoved);
  const options = { recursive: true, force: true, maxRetries: REMOVAL_TRIES_MAX };
  await Promise.all(names.map((name) => rm(join(folder, name), options)));
}

async function ensureTemplate(binaries: Binaries): Promise<string> {
  const name = await nameOfTemplate(binaries);
  const template = join(TEMPLATES, name);
  if (existsSync(template)) return template;
  await makeOnce(template, (partial) => initialize(binaries, partial));
  await removeFrom(TEMPLATES, (other) => !other.startsWith(name));
  return template;
}

/** One of an earlier start of the machine is not used: it was not synced, and may be half there after a power cut. */
async function nameOfTemplate({ initdb }: Binaries): Promise<string> {
  const version = await readFile(join(dirname(initdb), "..", "..", "package.json"));
  const bootTime = Math.round((Date.now() - uptime() * 1000) / BOOT_TIME_STEP_MS);
  const words = JSON.stringify([INITDB_WORDS, LOCAL_LOGIN.password, bootTime]);
  return createHash("sha256").update(version).update(words).digest("hex").slice(0, 24);
}

async function initialize(binaries: Binaries, dataFolder: string): Promise<void> {
  const passwordFile = `${dataFolder}.password`;
  await writeFile(passwordFile, `${LOCAL_LOGIN.password}\n`, { mode: 0o600 });
  const [program, ...words] = withPrefix(binaries, binaries.initdb);
  try {
    await run(program, [...words, `--pgdata=${dataFolder}`, `--pwfile=${passwordFile}`, ...INITDB_WORDS]);
  } catch (cause) {
    throw new Error(`initdb could not make ${dataFolder}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}
