import { toTimestamp } from "#core/time";
import type { OwnReviewWire, ReviewWire, StaffReviewWire } from "./schema.ts";
import type { Review } from "./store.ts";

export function presentReview(review: Review): ReviewWire {
  const { id, product_id, rating, title, body, author } = review;
  return {
    id,
    product_id,
    rating,
    title,
    body,
    author,
    verified_buyer: true,
    created_at: toTimestamp(review.created_at),
    updated_at: toTimestamp(review.updated_at),
  };
}

export function presentOwnReview(review: Review): OwnReviewWire {
  const { status, reason, version } = review;
  return { ...presentReview(review), status, reason, version };
}

export function presentToStaff(review: Review): StaffReviewWire {
  const { user_id, moderated_by, moderated_at: at } = review;
  return {
    ...presentOwnReview(review),
    user_id,
    moderated_by,
    moderated_at: at === null ? null : toTimestamp(at),
  };
}
