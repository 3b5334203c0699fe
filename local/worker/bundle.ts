import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { makeOnce } from "../made-once.ts";
import { projectFolder } from "../project.ts";

const run = promisify(execFile);

const CACHE = join(projectFolder, "node_modules", ".cache", "tradewind-bundles");
const BUNDLES_KEPT = 4;

/** Everything that the bundle is made of. */
const SOURCE_FOLDERS = ["src", "durable-objects", "search-sync"];
const SOURCE_FILES = ["wrangler.toml", "package.json", "package-lock.json", "tsconfig.json"];

/** What wrangler.toml says about how the bundle is to be run; kept beside it, for reading it takes wrangler a second. */
const BundleManifest = z.object({
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  durableObjects: z.record(z.string(), z.string()),
  vars: z.record(z.string(), z.string()),
});
type BundleManifest = z.infer<typeof BundleManifest>;

const WranglerConfig = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  vars: z.record(z.string(), z.string()),
});

/** The folder with the very bundle that is deployed, made anew only when its sources have changed. */
export async function ensureBundle(log: (line: string) => void): Promise<string> {
  const folder = join(CACHE, await hashSources());
  if (existsSync(folder)) return folder;
  log("making the bundle with wrangler");
  await makeOnce(folder, makeBundle);
  await removeOldBundles();
  return folder;
}

export async function readManifest(bundleFolder: string): Promise<BundleManifest> {
  return BundleManifest.parse(JSON.parse(await readFile(join(bundleFolder, "manifest.json"), "utf8")));
}

async function makeBundle(folder: string): Promise<void> {
  const wrangler = join(projectFolder, "node_modules", "wrangler", "bin", "wrangler.js");
  const words = [wrangler, "deploy", "--dry-run", "--env", "", "--outdir", folder];
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "true" };
  const bundled = run(process.execPath, words, { cwd: projectFolder, env: { ...process.env, ...quiet } });
  const [manifest] = await Promise.all([describeBundle(), bundled.catch(explainFault)]);
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

function explainFault(fault: unknown): never {
  const output = z.object({ stdout: z.string(), stderr: z.string() }).safeParse(fault);
  const said = output.success ? `${output.data.stdout}\n${output.data.stderr}` : String(fault);
  throw new Error(`wrangler could not make the bundle:\n${said.trim()}`, { cause: fault });
}

async function describeBundle(): Promise<BundleManifest> {
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const config = WranglerConfig.parse(readConfig({ config: join(projectFolder, "wrangler.toml") }));
  const objects = config.durable_objects.bindings.map(({ name, class_name: className }) => [name, className]);
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    durableObjects: Object.fromEntries(objects),
    vars: config.vars,
  };
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await sourceFiles()) {
    hash
      .update(file)
      .update("\0")
      .update(await readFile(join(projectFolder, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 24);
}

async function sourceFiles(): Promise<string[]> {
  const inFolders = SOURCE_FOLDERS.filter((folder) => existsSync(join(projectFolder, folder))).map(
    async (folder) => {
      const entries = await readdir(join(projectFolder, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    },
  );
  const found = (await Promise.all(inFolders)).flat().map((path) => path.slice(projectFolder.length + 1));
  return [...SOURCE_FILES, ...found].sort();
}

async function removeOldBundles(): Promise<void> {
  const names = await readdir(CACHE);
  const ages = names.map(async (name) => {
    const folder = join(CACHE, name);
    return { folder, madeAt: (await stat(folder)).mtimeMs };
  });
  const newestFirst = (await Promise.all(ages)).sort((one, other) => other.madeAt - one.madeAt);
  await Promise.all(
    newestFirst.slice(BUNDLES_KEPT).map(({ folder }) => rm(folder, { recursive: true, force: true })),
  );
}
