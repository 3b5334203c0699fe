import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const Row = z.object({ fingerprint: z.string(), status: z.number(), body: z.string() });

/** An answer kept under the key that made its request repeatable. */
export type StoredAnswer = z.infer<typeof Row>;

/** The first answer under this key, or nothing when there is none or it was forgotten since. */
export function recallAnswer(
  database: DatabaseSync,
  key: string,
  nowSeconds: number,
): StoredAnswer | undefined {
  return Row.optional().parse(
    database
      .prepare(
        "select fingerprint, status, body from idempotent_answers where idempotency_key = ? and expires_at > ?",
      )
      .get(key, nowSeconds),
  );
}

export function rememberAnswer(
  database: DatabaseSync,
  { key, expiresAt }: { key: string; expiresAt: number },
  answer: StoredAnswer,
): void {
  database
    .prepare(
      `insert or replace into idempotent_answers (idempotency_key, fingerprint, status, body, expires_at)
       values (?, ?, ?, ?, ?)`,
    )
    .run(key, answer.fingerprint, answer.status, answer.body, expiresAt);
}

/** Equal for requests that say the same, in whatever order they name their fields. */
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
