import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeWorkerd, type WorkerPlan } from "./workerd-config.ts";

const READY_MS_MAX = 30_000;
const POLL_MS = 2;

export type BareWorkerd = {
  readonly pid: number;
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly coldStartMs: number;
  stop: () => Promise<void>;
};

type Start = {
  /** Has the bundle, and is given the configuration and the console's output. */
  folder: string;
  plan: WorkerPlan;
  /** What is asked until it is answered. */
  readyPath: string;
  /** Where DevTools may connect; without it there is no inspector, which costs something. */
  inspectorPort?: number;
};

export async function startBareWorkerd({
  folder,
  plan,
  readyPath,
  inspectorPort,
}: Start): Promise<BareWorkerd> {
  await writeFile(join(folder, "workerd.capnp"), describeWorkerd(plan), { mode: 0o600 });
  if (plan.objectStorage !== undefined) await mkdir(plan.objectStorage.folder, { recursive: true });
  const url = `http://127.0.0.1:${plan.port}`;
  const startedAt = performance.now();
  const child = await spawnWorkerd(folder, inspectorPort);
  const endWithProgram = (): boolean => child.kill("SIGKILL");
  process.once("exit", endWithProgram);
  const stop = async (): Promise<void> => {
    process.off("exit", endWithProgram);
    if (!isRunning(child)) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  try {
    await untilAnswering(child, `${url}${readyPath}`);
  } catch (fault) {
    await stop();
    throw fault;
  }
  return { pid: child.pid ?? 0, url, coldStartMs: performance.now() - startedAt, stop };
}

async function spawnWorkerd(folder: string, inspectorPort: number | undefined): Promise<ChildProcess> {
  const output = await open(join(folder, "workerd.log"), "a");
  try {
    // Objects on local disk and the sweeper's call of a scheduled handler are experimental features of workerd.
    const inspector = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`];
    const words = ["serve", "--experimental", ...inspector, join(folder, "workerd.capnp")];
    return spawn(findProgram(), words, { stdio: ["ignore", output.fd, output.fd] });
  } finally {
    await output.close();
  }
}

/** The very workerd that Miniflare runs. */
function findProgram(): string {
  const ofMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  return z.object({ default: z.string() }).parse(ofMiniflare("workerd")).default;
}

async function untilAnswering(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (isRunning(child) && performance.now() < deadline) {
    const isReady = await fetch(url).then(
      async (response) => response.text().then(() => response.ok),
      () => false,
    );
    if (isReady) return;
    await sleep(POLL_MS);
  }
  throw new Error(`workerd did not answer at ${url}; its log beside the configuration says why.`);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
