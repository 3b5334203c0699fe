import { and, eq } from "drizzle-orm";
import { jsonb, pgTable, primaryKey, smallint, text, timestamp } from "drizzle-orm/pg-core";
import { AppError } from "#core/errors";
import { type Database, violatesUnique } from "./database.ts";

const idempotencyRecords = pgTable(
  "idempotency_records",
  {
    scope: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: smallint().notNull(),
    body: jsonb().$type<unknown>().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, mode: "date" }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

/** A write that the client may repeat: whose it is, its key, and a fingerprint of what it asks for. */
export type IdempotentRequest = {
  /** Principal, method and path. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 over the canonical JSON of the body, hexadecimal. */
  readonly fingerprint: string;
};

/** The answer to a write: first-hand, or the first answer over again. */
export type Outcome<Body> = { readonly status: number; readonly body: Body; readonly replayed: boolean };

/** The statement that finds an earlier answer; pass its rows to {@link replayOf}. */
export function findIdempotencyRecord(database: Database, request: IdempotentRequest) {
  return database
    .select()
    .from(idempotencyRecords)
    .where(and(eq(idempotencyRecords.scope, request.scope), eq(idempotencyRecords.key, request.key)));
}

/** The statement that stores the answer; it belongs into the transaction of the effect. */
export function insertIdempotencyRecord(
  database: Database,
  request: IdempotentRequest,
  answer: { status: number; body: unknown },
) {
  return database.insert(idempotencyRecords).values({ ...request, ...answer });
}

type StoredAnswer = { fingerprint: string; status: number; body: unknown };

/**
 * The stored answer, or undefined when the request is new. The body is what this very operation stored, hence its type.
 * @throws AppError idempotency_key_reused when the key came with another body.
 */
export function replayOf<Body>(
  rows: readonly StoredAnswer[],
  request: IdempotentRequest,
): Outcome<Body> | undefined {
  const [stored] = rows;
  if (stored === undefined) return undefined;
  if (stored.fingerprint !== request.fingerprint) throw keyReused();
  return { status: stored.status, body: stored.body as Body, replayed: true };
}

/** The refusal of a key that came with another body before. */
export function keyReused(): AppError {
  return new AppError("idempotency_key_reused", {
    detail: "This Idempotency-Key came earlier with another body. Use a new key for a new request.",
  });
}

/** True when another request with the same key committed first: read its answer and replay it. */
export function lostToSameKey(error: unknown): boolean {
  return violatesUnique(error, "idempotency_records_pkey");
}
