import type { DatabaseSync } from "node:sqlite";

/**
 * Runs the work as one transaction: all of it is kept, or nothing. It must not wait for anything, since every caller
 * shares the one connection.
 */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (fault) {
    // Of some faults SQLite has ended the transaction by itself.
    if (database.isTransaction) database.exec("rollback");
    throw fault;
  }
}
