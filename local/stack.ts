import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEMO_ADMIN, DEMO_CUSTOMER } from "./credentials.ts";
import { migrate } from "./migrate.ts";
import type { PartName, PartOptions } from "./part-launchers.ts";
import { startPart, type PartProcess } from "./part-process.ts";
import { waitForFreePorts } from "./ports.ts";
import { planStack, serviceNames, type Addresses, type StackPlan } from "./stack-plan.ts";
import type { StackSettings } from "./stack-settings.ts";
import { lockState } from "./state-lock.ts";
import { ensureBundle } from "./worker/bundle.ts";

/** In the state folder, while the stack runs: where everything is, and the demo accounts. */
export const ANNOUNCEMENT = "stack.json";

/** Parts of an earlier run that was killed notice it and end within this time. */
const EARLIER_RUN_ENDS_MS_MAX = 5_000;

export type StackListener = {
  /** A line of progress, or of a part's own log. */
  log: (part: string, line: string) => void;
  /** A part ended although nobody asked it to. */
  onDeath: (part: PartName, how: string) => void;
};

export type Stack = {
  readonly addresses: Addresses;
  /** What the Worker is bound to, beside its Durable Objects and the vars of wrangler.toml. */
  readonly workerSettings: Readonly<Record<string, string>>;
  /** Starts every outside service at once and brings the database up to date. */
  startServices: () => Promise<void>;
  startWorker: () => Promise<void>;
  /** Says in `stack.json` where everything is. */
  announce: () => Promise<void>;
  /** Sends a signal to a part's process, and waits until it has gone. */
  kill: (name: PartName, signal: NodeJS.Signals) => Promise<void>;
  /** Starts a part anew on its port and state, ending it first where it still runs. */
  restart: (name: PartName) => Promise<void>;
  stop: () => Promise<void>;
};

/** A stack of which nothing runs yet. It has its state folder for itself until it is stopped. */
export async function openStack(settings: StackSettings, listener: StackListener): Promise<Stack> {
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
  listener: StackListener;
  announcement: string;
  unlock: () => void;
};

function operate({ plan, settings, listener, announcement, unlock }: Operation): Stack {
  const { addresses, workerSettings } = plan;
  const running = new Map<PartName, PartProcess>();
  const start = async <Name extends PartName>(name: Name, options: PartOptions<Name>): Promise<void> => {
    const startedAt = performance.now();
    const process = await startPart({
      name,
      options,
      logFolder: join(settings.stateFolder, "logs"),
      log: (line) => listener.log(name, line),
      onDeath: (how) => {
        running.delete(name);
        listener.onDeath(name, how);
      },
    });
    running.set(name, process);
    listener.log(name, `up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };
  const startWorker = async (): Promise<void> => {
    await start("worker", await planWorker({ settings, workerSettings, listener, url: addresses.api }));
  };
  const end = async (name: PartName, how: (process: PartProcess) => Promise<void>): Promise<void> => {
    const process = running.get(name);
    running.delete(name);
    if (process !== undefined) await how(process);
  };
  return {
    addresses,
    workerSettings,
    startWorker,
    startServices: async () => {
      await allOrFirstFault(serviceNames.map((name) => start(name, plan.services[name])));
      const applied = await migrate(addresses.services.postgres);
      if (applied.length > 0) listener.log("postgres", `migrated: ${applied.join(", ")}`);
    },
    announce: () => writeAnnouncement(announcement, addresses),
    kill: (name, signal) => end(name, (process) => process.kill(signal)),
    restart: async (name) => {
      await end(name, (process) => process.stop());
      await (name === "worker" ? startWorker() : start(name, plan.services[name]));
    },
    stop: async () => {
      // The Worker first, which asks all others; then the services at once.
      await end("worker", (process) => process.stop());
      await Promise.all([...running.keys()].map((name) => end(name, (process) => process.stop())));
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

type WorkerPlan = {
  settings: StackSettings;
  workerSettings: Record<string, string>;
  listener: StackListener;
  url: string;
};

async function planWorker(plan: WorkerPlan): Promise<PartOptions<"worker">> {
  return {
    port: Number(new URL(plan.url).port),
    stateFolder: join(plan.settings.stateFolder, "worker"),
    bundleFolder: await ensureBundle((line) => plan.listener.log("worker", line)),
    settings: plan.workerSettings,
    sweepIntervalMs: plan.settings.sweepIntervalMs,
  };
}

async function writeAnnouncement(file: string, addresses: Addresses): Promise<void> {
  const account = ({ email, password }: { email: string; password: string }) => ({ email, password });
  const announced = { ...addresses, admin: account(DEMO_ADMIN), customer: account(DEMO_CUSTOMER) };
  await writeFile(`${file}.partial`, `${JSON.stringify(announced, undefined, 2)}\n`);
  await rename(`${file}.partial`, file);
}
