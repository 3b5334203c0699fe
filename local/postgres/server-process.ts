import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { withPrefix, type Binaries } from "./binaries.ts";
import { STARTED_BY } from "./leftover.ts";
import { SERVER_SETTINGS } from "./settings.ts";

const READY = /database system is ready to accept (read-only )?connections/;
const LOG_LINES_MAX = 40;
const FAST_SHUTDOWN_MS_MAX = 10_000;

/** Orphans of a postmaster that was killed hold its shared memory until they notice. */
const SHARED_MEMORY_BUSY = /pre-existing shared memory block .* is still in use/;
const START_TRIES_MAX = 25;
const START_RETRY_MS = 200;

/**
 * Becomes Postgres, and leaves behind a watcher that waits for the end of its standard input, which
 * is the death of whoever started it, of whatever cause, and then asks Postgres to shut down. It asks
 * only the process that the data folder's lock file names, and waits a little for that file: after an
 * orderly stop there is none, and early in a start there is none yet.
 * The watcher is nobody's child, since Postgres counts its children.
 */
const SUPERVISED = `
lock_file=$1; shift
exec 3<&0
( { while read -r line <&3; do :; done
    tries=50
    while [ "$tries" -gt 0 ] && kill -0 "$$"; do
      read -r pid <"$lock_file" && [ "$pid" = "$$" ] && kill -INT "$pid"
      tries=$((tries - 1)); sleep 0.2
    done
  } >/dev/null 2>&1 & )
exec "$@" 3<&- </dev/null
`;

export type ServerProcess = {
  port: number;
  stop: () => Promise<void>;
};

type Launch = {
  name: string;
  dataFolder: string;
  port: number;
  settings: Record<string, string>;
  log: (line: string) => void;
};

/** Starts one Postgres on a data folder and waits until it takes connections. */
export async function startServer(binaries: Binaries, launch: Launch): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await tryStartServer(binaries, launch);
    if (server.ready) return server.process;
    if (attempt === START_TRIES_MAX || !SHARED_MEMORY_BUSY.test(server.logTail)) {
      throw new Error(`Postgres (${launch.name}) did not start:\n${server.logTail}`);
    }
    await sleep(START_RETRY_MS);
  }
}

type Outcome = { ready: true; process: ServerProcess } | { ready: false; logTail: string };

async function tryStartServer(binaries: Binaries, launch: Launch): Promise<Outcome> {
  const child = spawnServer(binaries, launch);
  const logTail: string[] = [];
  const lines = createInterface({ input: child.stderr });
  let stopping = false;
  const started = new Promise<boolean>((resolve, reject) => {
    lines.on("line", (line) => {
      logTail.push(line);
      if (logTail.length > LOG_LINES_MAX) logTail.shift();
      if (READY.test(line)) resolve(true);
    });
    lines.once("close", () => resolve(false));
    child.once("error", reject);
  });
  child.once("exit", () => child.stdin.destroy());
  if (!(await started)) return { ready: false, logTail: logTail.join("\n") };
  child.once("exit", (code, signal) => {
    if (!stopping)
      launch.log(`${launch.name} ended unexpectedly (${code ?? signal}): ${logTail.join(" | ")}`);
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    await endProcess(child);
  };
  return { ready: true, process: { port: launch.port, stop } };
}

function spawnServer(binaries: Binaries, launch: Launch) {
  const settings = {
    ...SERVER_SETTINGS,
    ...launch.settings,
    port: String(launch.port),
    [STARTED_BY]: String(process.pid),
  };
  const command = [
    ...withPrefix(binaries, binaries.postgres),
    "-D",
    launch.dataFolder,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const lockFile = join(launch.dataFolder, "postmaster.pid");
  // Detached: Ctrl-C at the terminal must reach only the caller, which stops the replica first.
  return spawn("/bin/sh", ["-c", SUPERVISED, "sh", lockFile, ...command], {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
}

/** SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one, which costs a recovery at next start. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGQUIT"), FAST_SHUTDOWN_MS_MAX);
  await exited;
  clearTimeout(timer);
}
