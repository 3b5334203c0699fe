import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import type { ReviewCause } from "./parking.ts";
import { paymentReviews } from "./tables.ts";

/** The statement that notes why an order is reviewed; it belongs into the transaction that stops the order. */
export function insertReview(
  context: Context,
  orderId: string,
  { attemptId, reason, contradictions, eventId }: ReviewCause,
) {
  return context.databases.primary.insert(paymentReviews).values({
    id: newId("paymentReview", context.now()),
    orderId,
    attemptId,
    reason,
    contradictions,
    paymentEventId: eventId ?? null,
    openedAt: new Date(context.now()),
  });
}
