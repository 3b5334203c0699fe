import { desc, eq, sql } from "drizzle-orm";
import { newIdBeside } from "#core/ids";
import { actorOf } from "#core/principal";
import type { Context } from "#platform/context";
import { ordersAt } from "#platform/order-homes";
import type { ReviewCause } from "./parking.ts";
import { paymentReviews } from "./tables.ts";

/** The statement that notes why an order is reviewed; it belongs into the transaction that stops the order. */
export function insertReview(
  context: Context,
  orderId: string,
  { attemptId, reason, contradictions, eventId }: ReviewCause,
) {
  return ordersAt(context, orderId)
    .insert(paymentReviews)
    .values({
      id: newIdBeside("paymentReview", context.now(), orderId),
      orderId,
      attemptId,
      reason,
      contradictions,
      paymentEventId: eventId ?? null,
      openedAt: new Date(context.now()),
    });
}

export type ReviewRow = typeof paymentReviews.$inferSelect;

export async function findLatestReview(context: Context, orderId: string): Promise<ReviewRow | undefined> {
  const [review] = await ordersAt(context, orderId)
    .select()
    .from(paymentReviews)
    .where(eq(paymentReviews.orderId, orderId))
    .orderBy(desc(paymentReviews.id))
    .limit(1);
  return review;
}

/** The statement that notes what was decided, once; it belongs into the transaction that moves the order. */
export function decideReviewStatement(
  context: Context,
  reviewId: string,
  { decision, note }: { decision: "accept" | "reject"; note: string },
) {
  return ordersAt(context, reviewId).execute(sql`
    with decided as (
      update payment_reviews set decision = ${decision}, note = ${note}, decided_at = now(),
        decided_by = ${actorOf(context.principal)}
      where id = ${reviewId} and decision is null returning 1)
    select expect_rows((select count(*) from decided), 1)`);
}
