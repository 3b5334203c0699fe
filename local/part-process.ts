import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PartName, PartOptions } from "./part-launchers.ts";
import { PartReport, type PartCommand } from "./part-messages.ts";
import { projectFolder } from "./project.ts";

const PROGRAM = join(import.meta.dirname, "run-part.ts");
/** Compiled modules of earlier runs, with which a part is up in half the time. */
const COMPILED = join(projectFolder, "node_modules", ".cache", "tradewind-compiled");
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const GROUP_ENDS_MS_MAX = 2_000;
const POLL_MS = 10;

/** A part of the stack that runs in a process of its own. */
export type PartProcess = {
  readonly pid: number;
  /** Asks it to finish what is in flight, and waits until it has gone. */
  stop: () => Promise<void>;
  /** Sends the signal and waits until the process has gone, and with it the programs that it had started. */
  kill: (signal: NodeJS.Signals) => Promise<void>;
};

type Launch<Name extends PartName> = {
  name: Name;
  options: PartOptions<Name>;
  logFolder: string;
  log: (line: string) => void;
  /** Told when the process ends although nobody asked it to. */
  onDeath: (how: string) => void;
};

/** Starts a part and waits until it answers. Its output goes to a log file of its name. */
export async function startPart<Name extends PartName>(launch: Launch<Name>): Promise<PartProcess> {
  const { name, options, log } = launch;
  const child = await spawnPart(launch);
  let isWanted = true;
  const leave = async (how: () => void): Promise<void> => {
    isWanted = false;
    if (!isRunning(child)) return;
    const exited = once(child, "exit");
    how();
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await exited;
    clearTimeout(overdue);
    await untilGroupHasGone(child);
  };
  try {
    const ready = untilReady(child, { name, log });
    tell(child, { kind: "start", options });
    await ready;
  } catch (fault) {
    await leave(() => child.kill("SIGKILL"));
    throw fault;
  }
  child.once("exit", (code, signal) => {
    if (isWanted) launch.onDeath(signal ?? `exit code ${code}`);
  });
  return {
    pid: child.pid ?? 0,
    stop: () => leave(() => tell(child, { kind: "stop" })),
    kill: (signal) => leave(() => child.kill(signal)),
  };
}

async function spawnPart({ name, logFolder }: Launch<PartName>): Promise<ChildProcess> {
  await mkdir(logFolder, { recursive: true });
  const output = await open(join(logFolder, `${name}.log`), "a");
  try {
    // Detached: a signal for the terminal's group reaches the orchestrator alone, which stops the parts in order.
    return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM, name], {
      stdio: ["ignore", output.fd, output.fd, "ipc"],
      detached: true,
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
    });
  } finally {
    await output.close();
  }
}

function untilReady(
  child: ChildProcess,
  { name, log }: Pick<Launch<PartName>, "name" | "log">,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(overdue);
      reject(new Error(`${name} did not start: ${reason}`));
    };
    const overdue = setTimeout(() => fail(`no answer within ${START_MS_MAX / 1000} s`), START_MS_MAX);
    child.on("message", (message) => {
      const report = PartReport.parse(message);
      if (report.kind === "log") log(report.line);
      if (report.kind === "failed") fail(report.reason);
      if (report.kind !== "ready") return;
      clearTimeout(overdue);
      resolve();
    });
    child.once("error", (fault) => fail(fault.message));
    child.once("exit", (code, signal) => fail(`its process ended (${signal ?? `exit code ${code}`})`));
  });
}

function tell(child: ChildProcess, command: PartCommand): void {
  if (child.connected) child.send(command);
}

/** A killed part's programs are ended by its guard, a moment later. */
async function untilGroupHasGone({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  const deadline = Date.now() + GROUP_ENDS_MS_MAX;
  while (isGroupAlive(pid) && Date.now() < deadline) await sleep(POLL_MS);
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "ESRCH") return false;
    throw fault;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
