import { DatabaseError, type PoolClient } from "pg";
import { Exchange } from "./exchange.ts";
import { mayBeStale, PreparedStatements } from "./prepared-statements.ts";
import { statementsOf, type SqlRequest, type Statement } from "./sql-request.ts";

const COMMIT: Statement = { query: "commit", params: [] };

/** Settings of a session would reach whoever is lent the connection next; those of a transaction end with it. */
const CHANGES_SESSION =
  /^\s*(set\s+(?!local\b|transaction\b)|listen\b|prepare\b|load\b|discard\b|deallocate\b)/i;

const preparedByClient = new WeakMap<PoolClient, PreparedStatements>();

/** Runs a request on a connection and returns Neon's answer as JSON. A batch happens whole or not at all. */
export async function runSql(client: PoolClient, request: SqlRequest): Promise<string> {
  const prepared = preparedByClient.get(client) ?? new PreparedStatements();
  preparedByClient.set(client, prepared);
  const run = { client, prepared };
  const json =
    request.kind === "single" ? await runSingle(run, request.statement) : await runBatch(run, request);
  if (statementsOf(request).some(({ query }) => CHANGES_SESSION.test(query))) await renewSession(client);
  return json;
}

type Run = { client: PoolClient; prepared: PreparedStatements };

async function runSingle({ client, prepared }: Run, statement: Statement): Promise<string> {
  const exchange = client.query(new Exchange([statement], prepared));
  try {
    return (await exchange.answers).join();
  } catch (error) {
    if (!exchange.reusedPlan || !mayBeStale(error)) throw error;
    prepared.forgetAll();
    return (await client.query(new Exchange([statement], prepared)).answers).join();
  }
}

type Batch = { begin: string; statements: Statement[] };

async function runBatch({ client, prepared }: Run, { begin, statements }: Batch): Promise<string> {
  const all = [{ query: begin, params: [] }, ...statements];
  const exchange = client.query(new Exchange(all, prepared));
  let answers: string[];
  try {
    answers = await exchange.answers;
  } catch (error) {
    // A statement of the batch may have committed by itself; what follows it is then beyond repetition.
    const undone = await rollBack(client, error);
    if (!undone || !exchange.reusedPlan || !mayBeStale(error)) throw error;
    prepared.forgetAll();
    answers = await repeatBatch({ client, prepared }, all);
  }
  await client.query(new Exchange([COMMIT], prepared)).answers;
  return `{"results":[${answers.slice(1).join()}]}`;
}

async function repeatBatch({ client, prepared }: Run, all: Statement[]): Promise<string[]> {
  try {
    return await client.query(new Exchange(all, prepared)).answers;
  } catch (error) {
    await rollBack(client, error);
    throw error;
  }
}

/** Says whether there was something to roll back. A connection that is lost has rolled back already. */
async function rollBack(client: PoolClient, error: unknown): Promise<boolean> {
  const alive = error instanceof DatabaseError && error.severity === "ERROR";
  if (!alive || client.getTransactionStatus() === "I") return false;
  await client.query("rollback");
  return true;
}

async function renewSession(client: PoolClient): Promise<void> {
  // A connection inside a transaction is not lent again anyway.
  if (client.getTransactionStatus() !== "I") return;
  await client.query("discard all");
  preparedByClient.delete(client);
}
