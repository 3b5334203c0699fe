import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Program = { command: string; words: readonly string[]; version: string };

const ways: readonly (readonly [string, ...string[]])[] = [
  ["schemathesis"],
  ["uvx", "schemathesis"],
  ["pipx", "run", "schemathesis"],
];

/** Schemathesis as it is installed, else as one of the runners of Python's programs gets it; undefined where there is none. */
export async function findSchemathesis(): Promise<Program | undefined> {
  for (const [command, ...words] of ways) {
    const answer = await run(command, [...words, "--version"]).catch(() => undefined);
    const version = /version (\d+\.\d+\.\d+)/.exec(answer?.stdout ?? "")?.[1];
    if (version !== undefined) return { command, words, version };
  }
  return undefined;
}
