import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "../project.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { repeatSweep, runScheduledHandler } from "./sweep.ts";

const WRANGLER = join(projectFolder, "node_modules", "wrangler", "bin", "wrangler.js");
const READY_POLL_MS = 200;

export type DevWorkerOptions = ServiceOptions & {
  settings: Record<string, string>;
  /** Pause between two runs of the scheduled handler. */
  sweepIntervalMs: number;
};

/** The sources on `wrangler dev`, which reloads them as they change. */
export async function startDevWorker(options: DevWorkerOptions): Promise<RunningService> {
  const { port, log, sweepIntervalMs } = options;
  const url = `http://127.0.0.1:${port}`;
  const wrangler = await spawnWrangler(options);
  await untilAnswering(url, wrangler);
  const sweep = repeatSweep({
    runScheduledHandler: () => runScheduledHandler(url),
    intervalMs: sweepIntervalMs,
    log,
  });
  return {
    url,
    stop: async () => {
      sweep.stop();
      if (!isRunning(wrangler)) return;
      const exited = once(wrangler, "exit");
      wrangler.kill("SIGTERM");
      await exited;
    },
  };
}

async function spawnWrangler({ port, stateFolder, settings, log }: DevWorkerOptions): Promise<ChildProcess> {
  await mkdir(stateFolder, { recursive: true });
  const variables = join(stateFolder, "variables.env");
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(variables, lines.join(""), { mode: 0o600 });
  const place = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", stateFolder];
  const words = ["dev", "--env", "", "--env-file", variables, "--test-scheduled", ...place];
  const wrangler = spawn(process.execPath, [WRANGLER, ...words], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  for (const input of [wrangler.stdout, wrangler.stderr]) createInterface({ input }).on("line", log);
  return wrangler;
}

async function untilAnswering(url: string, wrangler: ChildProcess): Promise<void> {
  while (isRunning(wrangler)) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await sleep(READY_POLL_MS);
  }
  throw new Error(`wrangler dev ended by itself (exit code ${wrangler.exitCode}).`);
}

function isRunning(wrangler: ChildProcess): boolean {
  return wrangler.exitCode === null && wrangler.signalCode === null;
}
