import { DatabaseError } from "pg";
import { PREPARED_PER_CONNECTION_MAX, PREPARED_SQL_LENGTH_MAX } from "./limits.ts";

/** A statement as one connection knows it. */
export type Plan = {
  /** Its name in Postgres; the empty one is forgotten with the next statement. */
  name: string;
  /** The columns of its result as JSON; undefined until Postgres has described them. */
  fieldsJson: string | undefined;
};

/** Only what does its work whole or not at all, for it may have to be run again. */
const WORTH_KEEPING = /^\s*(select|insert|update|delete|with|merge|begin|commit)\b/i;

/**
 * Errors that a schema change can cause in a statement that was parsed before it: a changed result
 * type, a statement that is gone, names or types that no longer fit, values read as a former type.
 */
const STALE_PLAN = /^(0A000|26000|42...|22...)$/;

export function mayBeStale(error: unknown): boolean {
  return error instanceof DatabaseError && STALE_PLAN.test(error.code ?? "");
}

/** The statements that one connection has parsed, by their text. */
export class PreparedStatements {
  readonly #plans = new Map<string, Plan>();
  #toClose: string[] = [];
  #named = 0;

  find(sql: string): Plan | undefined {
    const plan = this.#plans.get(sql);
    if (plan === undefined) return undefined;
    this.#plans.delete(sql);
    this.#plans.set(sql, plan);
    return plan;
  }

  newPlan(sql: string): Plan {
    const worthKeeping = sql.length <= PREPARED_SQL_LENGTH_MAX && WORTH_KEEPING.test(sql);
    if (!worthKeeping) return { name: "", fieldsJson: undefined };
    this.#named += 1;
    return { name: `s${this.#named}`, fieldsJson: undefined };
  }

  keep(sql: string, plan: Plan): void {
    if (plan.name === "") return;
    this.#plans.set(sql, plan);
    if (this.#plans.size <= PREPARED_PER_CONNECTION_MAX) return;
    for (const [oldestSql, oldest] of this.#plans) {
      this.#plans.delete(oldestSql);
      this.discard(oldest);
      return;
    }
  }

  /** For a plan of which nobody knows whether Postgres came to parse it. */
  discard(plan: Plan): void {
    if (plan.name !== "") this.#toClose.push(plan.name);
  }

  forgetAll(): void {
    for (const plan of this.#plans.values()) this.discard(plan);
    this.#plans.clear();
  }

  /** Names that Postgres should drop with the next exchange. */
  takeNamesToClose(): string[] {
    const names = this.#toClose;
    this.#toClose = [];
    return names;
  }
}
