import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { projectFolder } from "../project.ts";
import type { History } from "./history.ts";

const run = promisify(execFile);

const CHECKER = join(projectFolder, "tests", "linearizability");
/** Three searches of a minute each, and a build on a slow machine. */
const CHECK_MS_MAX = 300_000;

export type Verdict =
  | { kind: "linearizable" | "not linearizable" | "undecided" }
  /** The checker could not run on this machine. */
  | { kind: "not checked"; reason: string };

const Verdict = z.enum(["linearizable", "not linearizable", "undecided"]);

/** Asks Porcupine whether one shelf, served one call at a time, could have given these answers. */
export async function checkHistory(history: History): Promise<Verdict> {
  const built = await buildChecker();
  if (built !== undefined) return { kind: "not checked", reason: built };
  const folder = await mkdtemp(join(tmpdir(), "tradewind-history-"));
  const file = join(folder, "history.json");
  try {
    await writeFile(file, JSON.stringify(history));
    const { stdout } = await run("go", ["run", ".", file], { cwd: CHECKER, timeout: CHECK_MS_MAX });
    return { kind: Verdict.parse(stdout.trim()) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns why the checker cannot be built here, or undefined when it can. */
async function buildChecker(): Promise<string | undefined> {
  try {
    await run("go", ["version"]);
  } catch {
    return "Go is not installed.";
  }
  try {
    await run("go", ["mod", "download"], { cwd: CHECKER, timeout: CHECK_MS_MAX });
    return undefined;
  } catch (fault) {
    return `Go could not fetch the checker's module: ${String(fault).split("\n")[0]}`;
  }
}
