import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { requireAccount } from "#features/auth/require-account";
import { readProduct } from "#features/catalog/read-product";
import type { OrderStatus } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { presentOwnReview } from "./present-review.ts";
import { shownName } from "./rules.ts";
import type { NewReview, OwnReviewWire } from "./schema.ts";
import { type Review, hasBoughtElsewhere, insertReview } from "./store.ts";

/** Whoever has paid may judge; what was given back completely was not kept. */
const reviewableStatuses: readonly OrderStatus[] = [
  "paid",
  "fulfilling",
  "shipped",
  "delivered",
  "partially_refunded",
];

/**
 * A buyer's one review of a product, which others see once the staff has approved it.
 * @throws AppError not_found, review_needs_purchase, review_exists.
 */
export async function writeReview(
  context: Context,
  productIdOrHandle: string,
  input: NewReview,
): Promise<OwnReviewWire> {
  const user = await requireAccount(context);
  const product = await readProduct(context, productIdOrHandle);
  const now = context.now();
  const review: Review = {
    id: newId("review", now),
    product_id: product.id,
    user_id: user.id,
    rating: input.rating,
    title: input.title,
    body: input.body,
    author: input.author ?? shownName(user.name),
    status: "pending",
    reason: null,
    moderated_by: null,
    moderated_at: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const answer = presentOwnReview(review);
  const purchase = { productId: product.id, userId: user.id };
  const elsewhere = await hasBoughtElsewhere(context, purchase, reviewableStatuses);
  try {
    await transact(context.databases.primary, [
      insertReview(context, review, { statuses: reviewableStatuses, elsewhere }),
      ...recordAnswer(context, answer),
    ]);
  } catch (error) {
    if (lostRace(error))
      throw new AppError("review_needs_purchase", {
        detail: "Buy the product with this account first; it can be reviewed once it is paid.",
      });
    if (violatesUnique(error, "reviews_product_id_user_id_key"))
      throw new AppError("review_exists", {
        detail: "Change the review that you wrote: PATCH /reviews/{id}.",
      });
    throw error;
  }
  return answer;
}
