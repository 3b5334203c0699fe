import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { type Mutant, mutate } from "./mutants/mutant.ts";

/** A range of seeds to live through, up to the first violation. */
export type Assignment = { from: number; count: number };
export type Progress = {
  histories: number;
  events: number;
  violation: { seed: number; invariant: string; message: string } | undefined;
};

const Setting = z.object({
  mutant: z.object({ file: z.string(), search: z.string(), replacement: z.string() }).optional(),
});

// Thousands of lost calls a second need no stack; the history that fails is told again with them.
Error.stackTraceLimit = 0;

const { mutant } = Setting.parse(workerData);
if (mutant) plant({ name: "planted", ...mutant });
// Loaded only now, so that it finds the mutant in its place.
const { runHistory } = await import("./history.ts");

parentPort?.on("message", (assignment: Assignment) => void run(assignment));

async function run({ from, count }: Assignment): Promise<void> {
  const progress: Progress = { histories: 0, events: 0, violation: undefined };
  for (let seed = from; seed < from + count && progress.violation === undefined; seed++) {
    const { events, violation } = await runHistory(seed);
    progress.histories += 1;
    progress.events += events;
    if (violation) progress.violation = { seed, invariant: violation.invariant, message: violation.message };
  }
  parentPort?.postMessage(progress, []);
}

/** Replaces one piece of one production file while it is loaded; the file itself stays as it is. */
function plant(planted: Mutant): void {
  const path = join(import.meta.dirname, "../..", planted.file);
  const url = pathToFileURL(path).href;
  registerHooks({
    load: (loaded, context, nextLoad) => {
      if (loaded !== url) return nextLoad(loaded, context);
      const source = mutate(planted, readFileSync(path, "utf8"));
      return { format: "module-typescript", source, shortCircuit: true };
    },
  });
}
