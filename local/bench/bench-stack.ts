import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "../migrate.ts";
import { createPartGroup, type PartGroup } from "../part-group.ts";
import { choosePorts } from "../ports.ts";
import { planStack, serviceNames, type Addresses, type StackPlan } from "../stack-plan.ts";
import { readStackSettings } from "../stack-settings.ts";
import { say } from "../terminal.ts";
import { ensureBundle, readManifest } from "../worker/bundle.ts";
import { startBareWorkerd, type BareWorkerd } from "./bare-workerd.ts";
import { findParts, type Roots } from "./process-usage.ts";
import { watchServiceCalls, type ServiceCalls } from "./service-calls.ts";

/** Hashing passwords and limiting callers as in production would dominate the figures. */
const WORKER_SETTINGS = { PASSWORD_SCRYPT_PARALLELISM: "1", RATE_LIMIT_SCALE: "100000" };

const BUNDLE = "worker.js";
const SOURCE_MAP = `${BUNDLE}.map`;
const READY_PATH = "/health";

export type BenchStack = {
  readonly addresses: Addresses;
  readonly bundle: Buffer;
  /** Tells what each place of the bundle was made from. */
  readonly sourceMap: string;
  readonly compatibilityDate: string;
  /** What the Worker is told: where every service is, and what opens it. */
  readonly settings: Record<string, string>;
  readonly workerd: BareWorkerd;
  /** Where workerd's inspector listens, when it was asked for. */
  readonly inspectorPort: number | undefined;
  /** Where the Durable Objects of the measured workerd keep what they store. */
  readonly objectsFolder: string;
  /** Who is called with what, where it was asked to be watched. */
  readonly calls: ServiceCalls | undefined;
  /** Every process whose time is counted: workerd as `worker`, and each service. */
  roots: () => Promise<Roots>;
  /** Runs the Worker's scheduled handler, as the cloud does every minute. */
  sweep: () => Promise<void>;
  /** Starts a second workerd with the shop, with objects of its own, to see how long that takes. */
  startAnother: () => Promise<BareWorkerd>;
  stop: () => Promise<void>;
};

/** The services of the local stack with fresh state, and the bundle that is deployed on bare workerd. */
export async function startBenchStack(
  stateFolder: string,
  { inspect = false, watch = false }: { inspect?: boolean; watch?: boolean } = {},
): Promise<BenchStack> {
  const settings = {
    ...readStackSettings(process.env),
    apiPort: 0,
    servicesPort: 0,
    stateFolder,
    workerSettings: WORKER_SETTINGS,
  };
  const direct = await planStack(settings);
  const calls = watch ? await watchServiceCalls(direct) : undefined;
  const plan = calls?.plan ?? direct;
  const parts = createPartGroup(join(stateFolder, "logs"), {
    log: say,
    onDeath: (part, how) => say(part, `ended by itself (${how})`),
  });
  try {
    await startServices(parts, plan);
    return await startShop({ parts, plan, calls, stateFolder, inspect });
  } catch (fault) {
    await parts.stop(...serviceNames);
    await calls?.close();
    throw fault;
  }
}

async function startServices(parts: PartGroup, plan: StackPlan): Promise<void> {
  const starts = await Promise.allSettled(serviceNames.map((name) => parts.start(name, plan.services[name])));
  const failed = starts.find((start) => start.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  await migrate(plan.addresses.services.postgres);
}

type Shop = {
  parts: PartGroup;
  plan: StackPlan;
  calls: ServiceCalls | undefined;
  stateFolder: string;
  inspect: boolean;
};

async function startShop({ parts, plan, calls, stateFolder, inspect }: Shop): Promise<BenchStack> {
  const bundleFolder = await ensureBundle((line) => say("worker", line));
  // Read at once: who starts a stack from other sources meanwhile may clear old bundles away.
  const bundle = await readFile(join(bundleFolder, BUNDLE));
  const sourceMap = await readFile(join(bundleFolder, SOURCE_MAP), "utf8");
  const manifest = await readManifest(bundleFolder);
  const settings = { ...manifest.vars, ...plan.workerSettings };
  const start = async (
    name: string,
    ports: { api: number; sweep: number; inspector?: number },
  ): Promise<BareWorkerd> => {
    const folder = join(stateFolder, name);
    await mkdir(folder, { recursive: true });
    // Workerd embeds files of the folder that its configuration is in.
    await writeFile(join(folder, BUNDLE), bundle);
    const workerPlan = {
      ...manifest,
      port: ports.api,
      bundle: BUNDLE,
      settings,
      objectStorage: { folder: objectsFolderIn(folder), sweepPort: ports.sweep },
    };
    return startBareWorkerd({
      folder,
      plan: workerPlan,
      readyPath: READY_PATH,
      ...(ports.inspector === undefined ? {} : { inspectorPort: ports.inspector }),
    });
  };
  const { api: sweepPort, postgres: freePort } = await choosePorts({ api: 0, services: 0 });
  const ports = { api: plan.ports.api, sweep: sweepPort };
  const workerd = await start("worker", inspect ? { ...ports, inspector: freePort } : ports);
  let others = 0;
  return {
    addresses: plan.addresses,
    bundle,
    sourceMap,
    compatibilityDate: manifest.compatibilityDate,
    settings,
    workerd,
    inspectorPort: inspect ? freePort : undefined,
    objectsFolder: objectsFolderIn(join(stateFolder, "worker")),
    calls,
    roots: async () => ({ ...(await findParts()), worker: workerd.pid }),
    sweep: () => sweepOnce(`http://127.0.0.1:${sweepPort}`),
    startAnother: async () => {
      const free = await choosePorts({ api: 0, services: 0 });
      others += 1;
      return start(`another-worker-${others}`, { api: free.api, sweep: free.postgres });
    },
    stop: async () => {
      await workerd.stop();
      await parts.stop(...serviceNames);
      await calls?.close();
    },
  };
}

function objectsFolderIn(workerFolder: string): string {
  return join(workerFolder, "objects");
}

async function sweepOnce(url: string): Promise<void> {
  const response = await fetch(url, { method: "POST" });
  const outcome = await response.text();
  if (!response.ok) throw new Error(`The scheduled handler failed: ${outcome}`);
}
