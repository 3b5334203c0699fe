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

/** Stored before an act begins, so that none goes unseen, and once more when it has been answered. */
export const AuditContent = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("act"),
    at: z.string(),
    request_id: z.string(),
    actor: z.string(),
    /** The method and the route's pattern. */
    action: z.string(),
    /** What the path names: ids and SKUs. */
    subject: z.record(z.string(), z.string()),
    /** The body without what is personal or secret; absent when it is a file or too large. */
    input: z.unknown().optional(),
    /** SHA-256 of the body as it was sent. */
    input_sha256: z.string().optional(),
  }),
  z.object({
    kind: z.literal("outcome"),
    at: z.string(),
    request_id: z.string(),
    actor: z.string(),
    action: z.string(),
    /** The sequence of the act. */
    of: z.int(),
    status: z.int(),
    code: z.string().optional(),
  }),
]);
export type AuditContent = z.infer<typeof AuditContent>;

const Appended = z.tuple([z.object({ sequence: z.coerce.number() })]);

/** Adds an entry to the end of the chain. @returns its sequence. */
export async function appendAuditEntry(context: Context, content: AuditContent): Promise<number> {
  const { rows } = await context.databases.primary.execute(
    sql`select append_audit_entry(${canonicalJson(content)}) as sequence`,
  );
  const [{ sequence }] = Appended.parse(rows);
  return sequence;
}
