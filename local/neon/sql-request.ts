import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { PARAMETERS_MAX, STATEMENTS_PER_BATCH_MAX } from "./limits.ts";
import { Refusal } from "./refusal.ts";

const ISOLATION_LEVELS = {
  Serializable: "serializable",
  ReadUncommitted: "read uncommitted",
  ReadCommitted: "read committed",
  RepeatableRead: "repeatable read",
} as const;

// A zero byte would end the text early in Postgres' protocol, and what follows would be misread.
const SqlText = z.string().refine((sql) => !sql.includes("\0"), "a statement holds a zero byte");

/** The driver turns every parameter into text itself. */
const Statement = z.object({
  query: SqlText,
  params: z.array(z.string().nullable()).max(PARAMETERS_MAX).default([]),
});
export type Statement = z.infer<typeof Statement>;

const Single = Statement.transform((statement) => ({ kind: "single" as const, statement }));
const Batch = z
  .object({ queries: z.array(Statement).max(STATEMENTS_PER_BATCH_MAX) })
  .transform(({ queries }) => ({ kind: "batch" as const, statements: queries }));
const Body = z.union([Batch, Single]);

export type SqlRequest =
  | { kind: "single"; statement: Statement }
  | { kind: "batch"; statements: Statement[]; begin: string };

export function connectionStringOf(headers: IncomingHttpHeaders): string {
  const connectionString = headers["neon-connection-string"];
  if (typeof connectionString !== "string") {
    throw new Refusal(400, "missing header `neon-connection-string`");
  }
  return connectionString;
}

export function statementsOf(request: SqlRequest): Statement[] {
  return request.kind === "single" ? [request.statement] : request.statements;
}

/** Reads a body of POST /sql, and for a batch the headers that say what kind of transaction it is. */
export function parseSqlRequest(headers: IncomingHttpHeaders, body: unknown): SqlRequest {
  if (headers["neon-raw-text-output"] !== "true" || headers["neon-array-mode"] !== "true") {
    throw new Refusal(400, "only raw text output in array mode is served, which is what the driver asks for");
  }
  const parsed = Body.safeParse(body);
  if (!parsed.success) {
    throw new Refusal(400, `could not parse the HTTP request body: ${z.prettifyError(parsed.error)}`);
  }
  if (parsed.data.kind === "single") return parsed.data;
  return { ...parsed.data, begin: beginStatement(headers) };
}

const IsolationLevel = z.enum(["Serializable", "ReadUncommitted", "ReadCommitted", "RepeatableRead"]);

function beginStatement(headers: IncomingHttpHeaders): string {
  const words = ["begin"];
  const level = headers["neon-batch-isolation-level"];
  if (level !== undefined) {
    const known = IsolationLevel.safeParse(level);
    if (!known.success) throw new Refusal(400, "invalid isolation level");
    words.push(`isolation level ${ISOLATION_LEVELS[known.data]}`);
  }
  if (headers["neon-batch-read-only"] === "true") words.push("read only");
  if (headers["neon-batch-deferrable"] === "true") words.push("deferrable");
  return words.join(" ");
}
