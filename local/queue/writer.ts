import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../sqlite-transaction.ts";

/** Runs `work` inside a transaction and resolves once it is on the disk. `work` must be synchronous. */
export type Write = <Result>(work: () => Result) => Promise<Result>;

type Waiting = {
  /** Runs the work and gives what tells its caller, to be called after the commit. */
  run: () => () => void;
  fail: (fault: unknown) => void;
};

const GROUP_WRITES_MAX = 256;

/**
 * Writes that arrive in the same turn of the event loop share one transaction, because the disk's sync is what a
 * commit costs; one that is asked for by the work of another joins it too. Each has a savepoint of its own, so that
 * one that throws leaves the others alone.
 */
export function createWriter(database: DatabaseSync): Write {
  const waiting: Waiting[] = [];
  let scheduled = false;

  function scheduleCommit(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(commitGroup);
  }

  function commitGroup(): void {
    const group: Waiting[] = [];
    try {
      const tellAll = inTransaction(database, () => runWaiting(group));
      for (const tell of tellAll) tell();
    } catch (fault) {
      // Nothing of the group is on the disk. Whoever waits behind it would meet the same trouble.
      for (const { fail } of [...group, ...waiting.splice(0)]) fail(fault);
    }
    scheduled = false;
    if (waiting.length > 0) scheduleCommit();
  }

  function runWaiting(group: Waiting[]): (() => void)[] {
    const tellAll: (() => void)[] = [];
    while (group.length < GROUP_WRITES_MAX) {
      const next = waiting.shift();
      if (!next) break;
      group.push(next);
      tellAll.push(next.run());
    }
    return tellAll;
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const run = () => {
        try {
          const result = atSavepoint(database, work);
          return () => resolve(result);
        } catch (fault) {
          return () => reject(fault);
        }
      };
      waiting.push({ run, fail: reject });
      scheduleCommit();
    });
}

function atSavepoint<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("savepoint one_write");
  try {
    const result = work();
    database.exec("release one_write");
    return result;
  } catch (fault) {
    database.exec("rollback to one_write; release one_write");
    throw fault;
  }
}
