import { and, asc, desc, eq, gt, lt } from "drizzle-orm";
import { emptyChain, type ChainHead } from "#core/audit-chain";
import type { Page, PageRequest } from "#core/page";
import { auditEntries } from "#platform/audit-log";
import type { Context } from "#platform/context";
import { readPage, type Travel } from "#platform/cursor";

type Filters = { readonly actor?: string | undefined; readonly action?: string | undefined };
export type AuditEntryRow = typeof auditEntries.$inferSelect;

/**
 * A page of the audit log, newest first.
 * @throws AppError invalid_cursor.
 */
export async function listAuditEntries(
  context: Context,
  { actor, action }: Filters,
  page: PageRequest,
): Promise<Page<AuditEntryRow>> {
  const { primary } = context.databases;
  const read = ({ direction, from: [from] = [], rowsMax }: Travel) => {
    const beyond = direction === "after" ? lt : gt;
    return primary
      .select()
      .from(auditEntries)
      .where(
        and(
          actor === undefined ? undefined : eq(auditEntries.actor, actor),
          action === undefined ? undefined : eq(auditEntries.action, action),
          from === undefined ? undefined : beyond(auditEntries.sequence, Number(from)),
        ),
      )
      .orderBy(direction === "after" ? desc(auditEntries.sequence) : asc(auditEntries.sequence))
      .limit(rowsMax);
  };
  return readPage(context.settings, page, {
    name: `audit ${actor ?? ""} ${action ?? ""}`,
    read,
    positionOf: ({ sequence }) => [String(sequence)],
  });
}

/** The newest entry's sequence and hash. */
export async function readAuditHead(context: Context): Promise<ChainHead> {
  const [newest] = await context.databases.primary
    .select({ sequence: auditEntries.sequence, hash: auditEntries.hash })
    .from(auditEntries)
    .orderBy(desc(auditEntries.sequence))
    .limit(1);
  return newest ?? emptyChain;
}
