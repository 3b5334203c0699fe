import { DatabaseError, type Connection, type FieldDef, type Submittable } from "pg";
import { RESPONSE_BYTES_MAX } from "./limits.ts";
import type { Plan, PreparedStatements } from "./prepared-statements.ts";
import { Refusal, responseTooLarge } from "./refusal.ts";
import type { Statement } from "./sql-request.ts";

const COMMAND_TAG = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;
const NO_FIELDS = "[]";

type Step = { sql: string; plan: Plan; isNew: boolean };

/**
 * Statements sent to Postgres in one write and answered in one go. They end at the same
 * synchronisation point, so after a failure Postgres skips the rest of them. Each is a single
 * statement, as the extended protocol has it: "select 1; drop table x" is refused.
 *
 * Written for pg's `client.query`, which calls the handlers as messages come in.
 */
export class Exchange implements Submittable {
  /** One JSON object a statement, in Neon's form. */
  readonly answers: Promise<string[]>;
  readonly #statements: Statement[];
  readonly #prepared: PreparedStatements;
  readonly #answers: string[] = [];
  #steps: Step[] = [];
  #fieldsJson: string | undefined;
  #rows: (string | null)[][] = [];
  #bytes = 0;
  #reusedPlan = false;
  #resolve: (answers: string[]) => void;
  #reject: (error: unknown) => void;

  constructor(statements: Statement[], prepared: PreparedStatements) {
    this.#statements = statements;
    this.#prepared = prepared;
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    this.answers = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether a statement ran as it was parsed by an earlier exchange, perhaps against another schema. */
  get reusedPlan(): boolean {
    return this.#reusedPlan;
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    for (const name of this.#prepared.takeNamesToClose()) connection.close({ type: "S", name }, true);
    const inThisExchange = new Map<string, Plan>();
    this.#steps = this.#statements.map((statement) => this.#send(connection, statement, inThisExchange));
    connection.sync();
    connection.stream.uncork();
  }

  #send(connection: Connection, { query, params }: Statement, inThisExchange: Map<string, Plan>): Step {
    const kept = this.#prepared.find(query);
    const known = kept ?? inThisExchange.get(query);
    const plan = known ?? this.#prepared.newPlan(query);
    if (kept !== undefined) this.#reusedPlan = true;
    if (known === undefined) {
      connection.parse({ name: plan.name, text: query, types: [] }, true);
      if (plan.name !== "") inThisExchange.set(query, plan);
    }
    connection.bind({ statement: plan.name, values: params }, true);
    if (known === undefined) connection.describe({ type: "P" }, true);
    connection.execute(null, true);
    return { sql: query, plan, isNew: known === undefined };
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#fieldsJson = JSON.stringify(
      fields.map(({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier }) => ({
        name,
        dataTypeID,
        tableID,
        columnID,
        dataTypeSize,
        dataTypeModifier,
        format: "text",
      })),
    );
  }

  handleDataRow({ fields, length }: { fields: (string | null)[]; length: number }): void {
    this.#bytes += length;
    if (this.#bytes <= RESPONSE_BYTES_MAX) this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [, command = "", first, second] = COMMAND_TAG.exec(text) ?? [];
    this.#finishStatement(command, second ?? first ?? "null");
  }

  handleEmptyQuery(): void {
    this.#finishStatement("", "null");
  }

  #finishStatement(command: string, rowCount: string): void {
    const step = this.#steps[this.#answers.length];
    if (step?.isNew) {
      step.plan.fieldsJson = this.#fieldsJson ?? NO_FIELDS;
      this.#prepared.keep(step.sql, step.plan);
    }
    const fieldsJson = step?.plan.fieldsJson ?? NO_FIELDS;
    this.#answers.push(
      `{"fields":${fieldsJson},"rows":${JSON.stringify(this.#rows)},"command":"${command}","rowCount":${rowCount},"rowAsArray":true}`,
    );
    this.#rows = [];
    this.#fieldsJson = undefined;
  }

  handleReadyForQuery(): void {
    if (this.#bytes > RESPONSE_BYTES_MAX) {
      this.#reject(responseTooLarge());
      return;
    }
    this.#resolve(this.#answers);
  }

  /** Waits until Postgres is ready again, for only then is the state of the transaction known. */
  handleError(error: unknown, connection: Connection): void {
    for (const step of this.#steps.slice(this.#answers.length)) {
      if (step.isNew) this.#prepared.discard(step.plan);
    }
    if (error instanceof DatabaseError && error.severity === "ERROR") {
      const settle = (): void => {
        connection.off("readyForQuery", settle).off("end", settle);
        this.#reject(error);
      };
      connection.on("readyForQuery", settle).on("end", settle);
      return;
    }
    this.#reject(error);
  }

  /** HTTP carries no COPY. Nothing else ends Postgres' waiting for its data. */
  handleCopyInResponse(connection: Connection): void {
    connection.stream.destroy(new Refusal(400, "COPY FROM STDIN is not served over HTTP"));
  }

  /** The data of COPY TO STDOUT has no place in the answer. */
  handleCopyData(): void {}
}
