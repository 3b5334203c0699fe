import { sql } from "drizzle-orm";
import { AppError } from "#core/errors";
import { type PageRequest } from "#core/page";
import { actorOf } from "#core/principal";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import {
  type DifferenceFilter,
  type DifferenceRow,
  findDifference,
  pageOfDifferences,
} from "./difference-store.ts";
import type { PaymentDifferenceWire } from "./schema.ts";

/** A page of differences, the newest first. */
export function listDifferences(context: Context, page: PageRequest, filter: DifferenceFilter) {
  return pageOfDifferences(context, page, filter);
}

/** @throws AppError not_found. */
export async function readDifference(context: Context, id: string): Promise<DifferenceRow> {
  const row = await findDifference(context, id);
  if (row === undefined) throw new AppError("not_found", { detail: "There is no such difference." });
  return row;
}

/**
 * Closes a difference that people have looked into. It stays closed for as long as its amounts stay what they are, and
 * closing it again with the same or another note changes nothing.
 * @throws AppError not_found, invalid_transition when it has been resolved otherwise.
 */
export async function closeDifference(context: Context, id: string, note: string): Promise<DifferenceRow> {
  await context.databases.primary.execute(sql`
    update payment_differences set status = 'closed', note = ${note}, closed_by = ${actorOf(context.principal)},
      resolved_at = now(), version = version + 1
    where id = ${id} and status = 'open'`);
  const row = await readDifference(context, id);
  if (row.status !== "closed")
    throw new AppError("invalid_transition", { detail: `The difference has ${row.status} meanwhile.` });
  return row;
}

export function presentDifference(row: DifferenceRow): PaymentDifferenceWire {
  return {
    id: row.id,
    provider: row.provider,
    kind: row.kind,
    status: row.status,
    provider_reference: row.providerReference,
    order_id: row.orderId,
    attempt_id: row.attemptId,
    ours: moneyOf(row.ourAmount, row.currency),
    theirs: moneyOf(row.theirAmount, row.currency),
    detail: row.detail,
    note: row.note,
    closed_by: row.closedBy,
    first_seen_at: timestampOf(row.firstSeenAt),
    last_seen_at: timestampOf(row.lastSeenAt),
    resolved_at: row.resolvedAt === null ? null : timestampOf(row.resolvedAt),
  };
}

function moneyOf(amount: number | null, currency: string | null) {
  return amount === null || currency === null ? null : { amount, currency };
}

function timestampOf(moment: Date): string {
  return toTimestamp(epochMs(moment.getTime()));
}
