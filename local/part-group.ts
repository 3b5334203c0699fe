import type { PartName, PartOptions } from "./part-launchers.ts";
import { startPart, type PartProcess } from "./part-process.ts";

export type PartListener = {
  /** A line of progress, or of a part's own log. */
  log: (part: string, line: string) => void;
  /** A part ended although nobody asked it to. */
  onDeath: (part: PartName, how: string) => void;
};

/** The parts of one stack that run, by name. */
export type PartGroup = {
  start: <Name extends PartName>(name: Name, options: PartOptions<Name>) => Promise<void>;
  /** Sends a signal to a part's process, and waits until it has gone. */
  kill: (name: PartName, signal: NodeJS.Signals) => Promise<void>;
  /** Stops those of them that run, all at once. */
  stop: (...names: readonly PartName[]) => Promise<void>;
};

export function createPartGroup(logFolder: string, listener: PartListener): PartGroup {
  const running = new Map<PartName, PartProcess>();
  const take = (name: PartName): PartProcess | undefined => {
    const process = running.get(name);
    running.delete(name);
    return process;
  };
  return {
    start: async (name, options) => {
      const startedAt = performance.now();
      const process = await startPart({
        name,
        options,
        logFolder,
        log: (line) => listener.log(name, line),
        onDeath: (how) => {
          running.delete(name);
          listener.onDeath(name, how);
        },
      });
      running.set(name, process);
      listener.log(name, `up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    },
    kill: async (name, signal) => take(name)?.kill(signal),
    stop: async (...names) => {
      await Promise.all(names.map(async (name) => take(name)?.stop()));
    },
  };
}
