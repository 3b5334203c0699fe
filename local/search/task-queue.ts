import { setImmediate as nextTurn } from "node:timers/promises";
import { type ErrorBody, MeilisearchError } from "./meilisearch-error.ts";
import type { Task, TaskDetails, TaskStore } from "./task-store.ts";

type TaskRunner = (task: Task, payload: unknown) => Promise<TaskDetails>;

type QueueDependencies = {
  tasks: TaskStore;
  run: TaskRunner;
  isPaused: () => boolean;
  log: (line: string) => void;
};

export type TaskQueue = {
  /** Call after a task was enqueued or the queue was resumed. */
  wake: () => void;
  /** Resolves when the task at work has finished; the rest waits for the next start. */
  stop: () => Promise<void>;
};

/** Works off the tasks one at a time, in the order in which they came. */
export function startTaskQueue({ tasks, run, isPaused, log }: QueueDependencies): TaskQueue {
  const stopping = new AbortController();
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted && !isPaused()) {
      const task = tasks.next();
      if (task === undefined) return;
      await runTask(task);
      await nextTurn();
    }
  };

  const runTask = async (task: Task): Promise<void> => {
    const payload = tasks.payloadOf(task);
    tasks.start(task);
    const startedAt = performance.now();
    const finish = (details: TaskDetails | null, error: ErrorBody | null) =>
      tasks.finish(task, { details, error, durationMs: performance.now() - startedAt });
    try {
      const outcome = await run(task, payload);
      finish({ ...task.details, ...outcome }, null);
    } catch (fault) {
      finish(detailsOfFailure(task.details), errorOf(fault, task, log));
    }
  };

  const wake = (): void => {
    if (working !== undefined || stopping.signal.aborted) return;
    working = work()
      .catch((fault: unknown) => log(`The task queue stopped: ${String(fault)}`))
      .finally(() => {
        working = undefined;
        // A task may have been enqueued between the last look and this moment.
        if (!stopping.signal.aborted && !isPaused() && tasks.next() !== undefined) setImmediate(wake);
      });
  };

  tasks.requeueInterrupted();
  wake();
  return {
    wake,
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}

function detailsOfFailure(details: TaskDetails | null): TaskDetails | null {
  if (details === null) return null;
  const settled = { ...details };
  for (const name of ["indexedDocuments", "deletedDocuments"]) {
    if (name in settled) settled[name] = 0;
  }
  return settled;
}

function errorOf(fault: unknown, task: Task, log: (line: string) => void): ErrorBody {
  if (fault instanceof MeilisearchError) return fault.toBody();
  log(`Task ${task.uid} (${task.type}) failed: ${fault instanceof Error ? fault.stack : String(fault)}`);
  return new MeilisearchError(
    "internal",
    "An internal error has occurred; the server's log says why.",
  ).toBody();
}
