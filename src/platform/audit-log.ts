import { sql } from "drizzle-orm";
import { bigint, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { z } from "zod";
import { canonicalJson } from "#core/canonical-json";
import type { Context } from "./context.ts";

export const auditEntries = pgTable("audit_entries", {
  sequence: bigint({ mode: "number" }).primaryKey(),
  content: text().notNull(),
  previousHash: text("previous_hash").notNull(),
  hash: text().notNull(),
  actor: text(),
  action: text(),
  recordedAt: timestamp("recorded_at", { withTimezone: true, mode: "date" }).notNull(),
});

type AuditBase = {
  readonly at: string;
  readonly request_id: string;
  readonly actor: string;
  /** The method and the route's pattern. */
  readonly action: string;
};

/** Stored before an act begins, so that none goes unseen, and once more when it has been answered. */
type AuditContent = AuditBase &
  (
    | {
        readonly kind: "act";
        /** What the path names: ids and SKUs. */
        readonly subject: Readonly<Record<string, string>>;
        /** The body without what is personal or secret; absent when it is a file or too large. */
        readonly input?: unknown;
        /** SHA-256 of the body as it was sent. */
        readonly input_sha256?: string;
      }
    | {
        readonly kind: "outcome";
        /** The sequence of the act. */
        readonly of: number;
        readonly status: number;
        readonly code?: string;
      }
  );

const Appended = z.tuple([z.object({ sequence: z.coerce.number() })]);

/** Adds an entry to the end of the chain. @returns its sequence. */
export async function appendAuditEntry(context: Context, content: AuditContent): Promise<number> {
  const { rows } = await auditStatement(context, content);
  const [{ sequence }] = Appended.parse(rows);
  return sequence;
}

/** The statement that adds an entry, for the transaction of what it tells of; the last one, for others wait behind it. */
export function auditStatement(context: Context, content: AuditContent) {
  return context.databases.primary.execute(
    sql`select append_audit_entry(${canonicalJson(content)}) as sequence`,
  );
}
