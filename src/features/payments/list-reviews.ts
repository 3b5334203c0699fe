import { and, desc, eq, getTableColumns, isNotNull, lt, not, sql } from "drizzle-orm";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { livesHere, orderHomes, readMerged } from "#platform/order-homes";
import type { PaymentReviewWire, RefusedEventWire, ReviewsQuery } from "./review-schema.ts";
import { paymentEvents, paymentReviews } from "./tables.ts";

type Page<Row> = { data: Row[]; has_more: boolean; next_cursor: string | null };

/** A person still has to decide: nobody has, and the order has not gone another way meanwhile. */
const isOpen = sql<boolean>`(${paymentReviews.decision} is null and exists (
  select 1 from orders where orders.id = ${paymentReviews.orderId} and orders.status = 'payment_review'))`;

/** A page of payments that contradict their orders, newest first; the id of the last one is the cursor. */
export async function listReviews(context: Context, query: ReviewsQuery): Promise<Page<PaymentReviewWire>> {
  const { state, order_id: orderId, after, limit } = query;
  const rowsMax = limit + 1;
  const rows = await readMerged(orderHomes(context), { rowsMax }, (database) =>
    database
      .select({ ...getTableColumns(paymentReviews), isOpen })
      .from(paymentReviews)
      .where(
        and(
          state === undefined ? undefined : state === "open" ? isOpen : not(isOpen),
          orderId === undefined ? undefined : eq(paymentReviews.orderId, orderId),
          after === undefined ? undefined : lt(paymentReviews.id, after),
          livesHere(context, paymentReviews.orderId),
        ),
      )
      .orderBy(desc(paymentReviews.id))
      .limit(rowsMax),
  );
  return pageOf(
    limit,
    rows.map(({ isOpen: open, ...review }) => ({
      id: review.id,
      order_id: review.orderId,
      attempt_id: review.attemptId,
      state: open ? "open" : "decided",
      reason: review.reason,
      contradictions: review.contradictions.map((each) => ({ ...each })),
      payment_event_id: review.paymentEventId,
      opened_at: toTimestamp(epochMs(review.openedAt.getTime())),
      decision: review.decision,
      note: review.note,
      decided_by: review.decidedBy,
      decided_at: review.decidedAt && toTimestamp(epochMs(review.decidedAt.getTime())),
    })),
  );
}

/** A page of events that contradict what we know and were not acted on, newest first. */
export async function listRefusedEvents(
  context: Context,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<Page<RefusedEventWire>> {
  const rows = await context.databases.primary
    .select()
    .from(paymentEvents)
    .where(
      and(
        isNotNull(paymentEvents.contradictions),
        after === undefined ? undefined : lt(paymentEvents.id, after),
      ),
    )
    .orderBy(desc(paymentEvents.id))
    .limit(limit + 1);
  return pageOf(
    limit,
    rows.map((row) => ({
      id: row.id,
      provider: row.provider,
      provider_event_id: row.providerEventId,
      type: row.type,
      payment: row.providerReference,
      contradictions: (row.contradictions ?? []).map((each) => ({ ...each })),
      occurred_at: toTimestamp(epochMs(row.occurredAt.getTime())),
      received_at: toTimestamp(epochMs(row.receivedAt.getTime())),
    })),
  );
}

/** One row more than the page was asked for tells that there are more. */
function pageOf<Row extends { id: string }>(limit: number, rows: readonly Row[]): Page<Row> {
  const data = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  return { data, has_more: hasMore, next_cursor: hasMore ? (data.at(-1)?.id ?? null) : null };
}
