import { join } from "node:path";
import { build } from "esbuild";
import { unstable_readConfig as readConfig } from "wrangler";
import { choosePorts } from "../ports.ts";
import { projectFolder } from "../project.ts";
import { startBareWorkerd, type BareWorkerd } from "./bare-workerd.ts";

export type ObjectWorkerPlan = {
  /** Is given the bundle, and what the objects store. */
  folder: string;
  /** JavaScript that may import the shop's objects; it answers at `/ready`. */
  source: string;
  /** Classes of the source that are Durable Objects; each is bound under its own name. */
  classes: readonly string[];
};

/** Some of the shop's Durable Objects on bare workerd, with none of the services around them. */
export async function startObjectWorker({ folder, source, classes }: ObjectWorkerPlan): Promise<BareWorkerd> {
  await build({
    stdin: { contents: source, resolveDir: projectFolder, sourcefile: "objects-worker.js" },
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const config = readConfig({ config: join(projectFolder, "wrangler.toml") });
  const ports = await choosePorts({ api: 0, services: 0 });
  const plan = {
    port: ports.api,
    bundle: "worker.js",
    compatibilityDate: config.compatibility_date ?? "",
    compatibilityFlags: config.compatibility_flags,
    settings: {},
    durableObjects: Object.fromEntries(classes.map((name) => [name, name])),
    objectStorage: { folder: objectsFolderOf(folder), sweepPort: ports.queue },
  };
  return startBareWorkerd({ folder, plan, readyPath: "/ready" });
}

/** Where the objects of such a Worker keep what they store. */
export function objectsFolderOf(folder: string): string {
  return join(folder, "objects");
}
