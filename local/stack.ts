import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEMO_ADMIN, DEMO_CUSTOMER } from "./credentials.ts";
import { migrate } from "./migrate.ts";
import { createPartGroup, type PartGroup, type PartListener } from "./part-group.ts";
import type { PartName } from "./part-launchers.ts";
import { waitForFreePorts } from "./ports.ts";
import {
  isWorkerName,
  planStack,
  serviceNames,
  type Addresses,
  type StackPlan,
  workerNames,
  type WorkerName,
} from "./stack-plan.ts";
import type { StackSettings } from "./stack-settings.ts";
import { lockState } from "./state-lock.ts";
import { ensureBundle } from "./worker/bundle.ts";

/** In the state folder, while the stack runs: where everything is, and the demo accounts. */
export const ANNOUNCEMENT = "stack.json";

/** Parts of an earlier run that was killed notice it and end within this time. */
const EARLIER_RUN_ENDS_MS_MAX = 5_000;

export type Stack = {
  readonly addresses: Addresses;
  /** Starts every outside service at once and brings the database up to date. */
  startServices: () => Promise<void>;
  startWorker: (name: WorkerName) => Promise<void>;
  /** Says in `stack.json` where everything is. */
  announce: () => Promise<void>;
  kill: PartGroup["kill"];
  /** Starts a part anew on its port and state, ending it first where it still runs. */
  restart: (name: PartName) => Promise<void>;
  /** Starts the Worker anew with other settings, as a deployment does. */
  deploy: (changes: Record<string, string>) => Promise<void>;
  stop: () => Promise<void>;
};

/** A stack of which nothing runs yet. It has its state folder for itself until it is stopped. */
export async function openStack(settings: StackSettings, listener: PartListener): Promise<Stack> {
  const { stateFolder } = settings;
  const unlock = await lockState(stateFolder);
  if (unlock === undefined) {
    throw new Error(
      `Tradewind is running already on ${stateFolder}. Stop it, or set STATE_FOLDER to another folder.`,
    );
  }
  try {
    const plan = await planStack(settings);
    const announcement = join(stateFolder, ANNOUNCEMENT);
    // Left behind only by a run that was killed.
    await waitForFreePorts(plan.ports, existsSync(announcement) ? EARLIER_RUN_ENDS_MS_MAX : 0);
    await rm(announcement, { force: true });
    return operate({ plan, settings, listener, announcement, unlock });
  } catch (fault) {
    unlock();
    throw fault;
  }
}

type Operation = {
  plan: StackPlan;
  settings: StackSettings;
  listener: PartListener;
  announcement: string;
  unlock: () => void;
};

function operate({ plan, settings, listener, announcement, unlock }: Operation): Stack {
  const { addresses } = plan;
  const workerSettings = { ...plan.workerSettings };
  const parts = createPartGroup(join(settings.stateFolder, "logs"), listener);
  const startWorker = async (name: WorkerName): Promise<void> => {
    const options = {
      port: plan.ports.api,
      stateFolder: join(settings.stateFolder, name),
      settings: workerSettings,
      sweepIntervalMs: settings.sweepIntervalMs,
    };
    if (name === "dev") return parts.start(name, options);
    const bundleFolder = await ensureBundle((line) => listener.log(name, line));
    await parts.start(name, { ...options, bundleFolder });
  };
  return {
    addresses,
    startWorker,
    startServices: async () => {
      await allOrFirstFault(serviceNames.map((name) => parts.start(name, plan.services[name])));
      const applied = await migrate(addresses.services.postgres);
      if (applied.length > 0) listener.log("postgres", `migrated: ${applied.join(", ")}`);
    },
    announce: () => writeAnnouncement(announcement, addresses),
    kill: parts.kill,
    restart: async (name) => {
      await parts.stop(name);
      await (isWorkerName(name) ? startWorker(name) : parts.start(name, plan.services[name]));
    },
    deploy: async (changes) => {
      Object.assign(workerSettings, changes);
      await parts.stop("worker");
      await startWorker("worker");
    },
    stop: async () => {
      // The Worker first, which asks all others.
      await parts.stop(...workerNames);
      await parts.stop(...serviceNames);
      await rm(announcement, { force: true });
      unlock();
    },
  };
}

/** Waits for all, so that nobody is still starting when the caller cleans up after a fault. */
async function allOrFirstFault(starts: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function writeAnnouncement(file: string, addresses: Addresses): Promise<void> {
  const account = ({ email, password }: { email: string; password: string }) => ({ email, password });
  const announced = { ...addresses, admin: account(DEMO_ADMIN), customer: account(DEMO_CUSTOMER) };
  await writeFile(`${file}.partial`, `${JSON.stringify(announced, undefined, 2)}\n`);
  await rename(`${file}.partial`, file);
}
