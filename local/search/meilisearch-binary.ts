import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningService, ServiceOptions } from "../service.ts";

const START_MS_MAX = 30_000;
const POLL_MS = 50;
const STOP_MS_MAX = 5_000;

/** The first `meilisearch` on a PATH that may be executed. */
export function findMeilisearchBinary(path: string | undefined): string | undefined {
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "meilisearch"))
    .find(isExecutable);
}

/** Runs a real Meilisearch with its data in the state folder. It ends when `stop` is called or this process exits. */
export async function startMeilisearchBinary(
  binary: string,
  options: ServiceOptions & { masterKey: string },
): Promise<RunningService> {
  const dataFolder = join(options.stateFolder, "meilisearch-data");
  mkdirSync(dataFolder, { recursive: true });
  const port = options.port === 0 ? await freePort() : options.port;
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    binary,
    [
      "--http-addr",
      `127.0.0.1:${port}`,
      "--db-path",
      join(dataFolder, "data.ms"),
      "--no-analytics",
      "--log-level",
      "WARN",
    ],
    {
      cwd: dataFolder,
      env: { MEILI_MASTER_KEY: options.masterKey },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  child.stderr.on("data", (chunk: Buffer) => options.log(`meilisearch: ${chunk.toString().trimEnd()}`));
  const endWithUs = () => child.kill();
  process.once("exit", endWithUs);
  const stop = async (): Promise<void> => {
    process.off("exit", endWithUs);
    await end(child);
  };
  try {
    await untilHealthy(url, child);
  } catch (fault) {
    await stop();
    throw fault;
  }
  return { url, stop };
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  child.once("error", (fault) => {
    failure = fault;
  });
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (hasEnded(child)) throw new Error(`meilisearch ended at once with code ${child.exitCode}.`);
    if (await isHealthy(url)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`meilisearch did not answer at ${url} within ${START_MS_MAX} ms.`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`);
    await response.body?.cancel();
    return response.ok;
  } catch (fault) {
    if (fault instanceof TypeError) return false;
    throw fault;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(killer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string")
    throw new Error("The probe did not listen on a TCP port.");
  return address.port;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (fault) {
    if (fault instanceof Error && "code" in fault) return false;
    throw fault;
  }
}
