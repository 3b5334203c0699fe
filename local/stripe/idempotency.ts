import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { StripeFailure } from "./failure.ts";

/** Stripe may forget a key after a day. */
const REMEMBERED_SECONDS = 24 * 60 * 60;

export type StoredAnswer = { status: number; body: string };

const Row = z.object({ fingerprint: z.string(), status: z.number(), body: z.string() });

/** The first answer under this key, or nothing. Throws when the key was first used with another request. */
export function recallAnswer(
  database: DatabaseSync,
  request: { key: string; fingerprint: string },
  nowSeconds: number,
): StoredAnswer | undefined {
  const row = Row.optional().parse(
    database
      .prepare(
        "select fingerprint, status, body from idempotent_answers where idempotency_key = ? and expires_at > ?",
      )
      .get(request.key, nowSeconds),
  );
  if (row === undefined) return undefined;
  if (row.fingerprint !== request.fingerprint) throw otherParameters(request.key);
  return { status: row.status, body: row.body };
}

export function rememberAnswer(
  database: DatabaseSync,
  request: { key: string; fingerprint: string; nowSeconds: number },
  answer: StoredAnswer,
): void {
  database
    .prepare(
      `insert or replace into idempotent_answers (idempotency_key, fingerprint, status, body, expires_at)
       values (?, ?, ?, ?, ?)`,
    )
    .run(
      request.key,
      request.fingerprint,
      answer.status,
      answer.body,
      request.nowSeconds + REMEMBERED_SECONDS,
    );
}

export function fingerprintOfRequest(method: string, path: string, fields: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify([method, path, sorted(fields)]))
    .digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, inner]: [string, unknown]) => [name, sorted(inner)]);
}

function otherParameters(key: string): StripeFailure {
  return new StripeFailure(400, {
    type: "idempotency_error",
    message:
      "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
      `Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}

export function keyInUse(key: string): StripeFailure {
  return new StripeFailure(409, {
    type: "idempotency_error",
    code: "idempotency_key_in_use",
    message:
      `There is currently another in-progress request using this Idempotent Key: ${key}. ` +
      "Wait for it to finish, or use another key.",
  });
}
