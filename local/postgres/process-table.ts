import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

export type FoundProcess = {
  parent: number;
  /** Its words, each followed by one space. */
  command: string;
};

const Gone = z.object({ code: z.enum(["ENOENT", "ESRCH"]) });
const FoundNothing = z.object({ code: z.literal(1) });

/** A living process, or undefined; what has ended but was not yet collected does not live. */
export async function findProcess(pid: number): Promise<FoundProcess | undefined> {
  // Slim container images of Linux have no ps; other systems have no /proc.
  return process.platform === "linux" ? readProcFolder(pid) : askPs(pid);
}

async function readProcFolder(pid: number): Promise<FoundProcess | undefined> {
  try {
    const [status, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    if (command === "") return undefined;
    // "pid (name) state parent …", where the name may hold anything, even parentheses.
    const parent = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
    return { parent, command: command.replaceAll("\0", " ") };
  } catch (error) {
    if (Gone.safeParse(error).success) return undefined;
    throw error;
  }
}

async function askPs(pid: number): Promise<FoundProcess | undefined> {
  try {
    const { stdout } = await run("ps", ["-ww", "-o", "ppid=,command=", "-p", String(pid)]);
    const [, parent, command] = /^\s*(\d+)\s+(.*?)\s*$/.exec(stdout) ?? [];
    if (command === undefined || command.startsWith("<defunct>")) return undefined;
    return { parent: Number(parent), command: `${command} ` };
  } catch (error) {
    if (FoundNothing.safeParse(error).success) return undefined;
    throw error;
  }
}
