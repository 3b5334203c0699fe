import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

import { close, listen } from "../http-server.ts";
import type { ServiceOptions } from "../service.ts";

const PORT_ATTEMPTS_MAX = 5;
const LAST_LINES_KEPT = 5;
const STOP_TIMEOUT_MS = 5_000;

/** Something that speaks RESP2 on a port of 127.0.0.1. */
export type Engine = { port: number; description: string; stop: () => Promise<void> };

export type EngineChoice = "redis-server" | "js-redis-server";

/** `redis-server` where one is installed, since it is the real thing and keeps its data; else the npm engine. */
export async function chooseEngine(searchPath: string): Promise<EngineChoice> {
  for (const folder of searchPath.split(delimiter).filter((folder) => folder !== "")) {
    const isThere = await access(join(folder, "redis-server"), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return "redis-server";
  }
  return "js-redis-server";
}

export async function startEngine(choice: EngineChoice, options: ServiceOptions): Promise<Engine> {
  return choice === "redis-server" ? startRedisServer(options) : startNpmEngine();
}

async function startNpmEngine(): Promise<Engine> {
  const { createRedisServer } = await import("js-redis-server");
  const engine = await createRedisServer({ port: 0 });
  return {
    port: engine.port,
    description: "js-redis-server, in this process; its data ends with it",
    stop: () => engine.close(),
  };
}

async function startRedisServer({ stateFolder, log }: ServiceOptions): Promise<Engine> {
  await mkdir(stateFolder, { recursive: true });
  for (let attempt = 1; attempt <= PORT_ATTEMPTS_MAX; attempt += 1) {
    // Between finding a free port and redis-server's bind, another process may take it: then try the next.
    const port = await findFreePort();
    const guard = spawnGuarded(["redis-server", ...redisSettings(port, stateFolder)]);
    const lines: string[] = [];
    if (await becomesReady(guard, lines)) {
      return { port, description: "redis-server", stop: watchUntilStopped(guard, log) };
    }
    const reason = lines.join(" | ");
    if (!reason.includes("Address already in use")) throw new Error(`redis-server did not start: ${reason}`);
  }
  throw new Error(`redis-server found no free port in ${PORT_ATTEMPTS_MAX} attempts.`);
}

function redisSettings(port: number, stateFolder: string): string[] {
  // A snapshot every minute in which something changed, and one at the end, is durable enough for caches and limits.
  return `--bind 127.0.0.1 --port ${port} --appendonly no --daemonize no`
    .split(" ")
    .concat("--save", "60 1", "--dir", stateFolder);
}

/**
 * Runs a program under a small shell that waits on our end of a pipe: however this process dies, the pipe closes,
 * and the shell ends the program. It is a process group of its own, so that Ctrl-C reaches us alone and we can
 * still serve what is in flight.
 */
function spawnGuarded(program: string[]): ChildProcess {
  const guardScript = '"$@" 3<&- & pid=$!; (cat <&3; kill "$pid") >/dev/null 2>&1 & wait "$pid"';
  return spawn("sh", ["-c", guardScript, "sh", ...program], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    detached: true,
  });
}

async function becomesReady(guard: ChildProcess, lines: string[]): Promise<boolean> {
  if (guard.stdout === null) throw new Error("redis-server was started without an output to read.");
  const output = createInterface({ input: guard.stdout });
  const ready = new Promise<boolean>((resolve) => {
    output.on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve(true);
      lines.splice(0, lines.length - LAST_LINES_KEPT + 1);
      lines.push(line);
    });
    output.on("close", () => resolve(false));
  });
  const isReady = await ready;
  if (!isReady) releaseGuard(guard);
  return isReady;
}

function watchUntilStopped(guard: ChildProcess, log: (line: string) => void): () => Promise<void> {
  let isStopping = false;
  guard.once("exit", (code) => {
    releaseGuard(guard);
    if (!isStopping) log(`redis-server ended by itself (exit code ${code}); Redis answers 500 from now on`);
  });
  return async () => {
    isStopping = true;
    if (guard.exitCode !== null || guard.signalCode !== null) return;
    const exited = once(guard, "exit", { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    releaseGuard(guard);
    await exited;
  };
}

/** Closes our end of the pipe: the guard ends the program, which saves its data first. */
function releaseGuard(guard: ChildProcess): void {
  guard.stdio[3]?.destroy();
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  const url = await listen(probe, 0);
  await close(probe);
  return Number(new URL(url).port);
}
