import { readdir, readFile } from "node:fs/promises";
import { z } from "zod";

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

type ProcessRow = {
  pid: number;
  parent: number;
  command: string;
  /** Of this process and of its children that have ended. */
  cpuMs: number;
};

/** The processes that are measured, by what they are called in the report. */
export type Roots = Record<string, number>;

const Gone = z.object({ code: z.enum(["ENOENT", "ESRCH"]) });

/** Processor time that each process has used so far, with everything that it started; empty where there is no /proc. */
export async function readCpuMs(roots: Roots): Promise<Record<string, number>> {
  if (process.platform !== "linux") return {};
  const rows = await readProcesses();
  const childrenOf = Map.groupBy(rows, (row) => row.parent);
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const total = (row: ProcessRow): number =>
    (childrenOf.get(row.pid) ?? []).reduce((sum, child) => sum + total(child), row.cpuMs);
  return Object.fromEntries(
    Object.entries(roots).map(([name, pid]) => {
      const root = byPid.get(pid);
      return [name, root === undefined ? 0 : total(root)];
    }),
  );
}

/** The processes that this program started and that run the named parts of the local stack. */
export async function findParts(): Promise<Roots> {
  if (process.platform !== "linux") return {};
  const parts = (await readProcesses()).filter(({ parent }) => parent === process.pid);
  return Object.fromEntries(
    parts.flatMap(({ pid, command }) => {
      const name = /run-part\.ts (\w+) $/.exec(command)?.[1];
      return name === undefined ? [] : [[name, pid]];
    }),
  );
}

/** Resident memory of one process in bytes, or undefined where there is no /proc. */
export async function readMemoryBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

async function readProcesses(): Promise<ProcessRow[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(pids.map((pid) => readProcess(Number(pid))));
  return rows.filter((row) => row !== undefined);
}

async function readProcess(pid: number): Promise<ProcessRow | undefined> {
  try {
    const [status, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // "pid (name) state parent …", where the name may hold anything, even parentheses.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return {
      pid,
      parent: Number(fields[1]),
      command: command.replaceAll("\0", " "),
      cpuMs: (ticks * 1000) / TICKS_PER_SECOND,
    };
  } catch (fault) {
    if (Gone.safeParse(fault).success) return undefined;
    throw fault;
  }
}
