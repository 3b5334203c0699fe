import { DatabaseError } from "pg";
import { RESPONSE_BYTES_MAX } from "./limits.ts";

/** A request that never reached Postgres, or whose answer cannot be sent. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

export function responseTooLarge(): Refusal {
  return new Refusal(507, `response is too large (max is ${RESPONSE_BYTES_MAX} bytes)`);
}

/** The fields of a Postgres error that the driver copies into its NeonDbError. */
const ERROR_FIELDS = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

export type ErrorAnswer = { status: number; body: Record<string, string | null> };

/** How Neon answers a failure; undefined for faults of this server itself. */
export function errorAnswer(error: unknown): ErrorAnswer | undefined {
  if (error instanceof DatabaseError) {
    const fields = ERROR_FIELDS.map((name) => [name, error[name] ?? null] as const);
    return { status: 400, body: { message: error.message, ...Object.fromEntries(fields) } };
  }
  if (error instanceof Refusal) return { status: error.status, body: { message: error.message } };
  return undefined;
}
