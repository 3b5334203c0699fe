import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Assignment, Progress } from "./histories-thread.ts";
import type { Mutant } from "./mutants/mutant.ts";

export type Thread = {
  run: (assignment: Assignment) => Promise<Progress>;
  end: () => Promise<unknown>;
};

/** A thread of its own with its own copy of the production code, in which a mutant may be planted. */
export function startThread(mutant: Mutant | undefined): Thread {
  const worker = new Worker(join(import.meta.dirname, "histories-thread.ts"), { workerData: { mutant } });
  return {
    run: (assignment) =>
      new Promise((resolve, reject) => {
        worker.once("error", reject);
        worker.once("message", (progress: Progress) => {
          worker.off("error", reject);
          resolve(progress);
        });
        worker.postMessage(assignment, []);
      }),
    end: () => worker.terminate(),
  };
}
