import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { actorOf } from "#core/principal";
import { requireAccount } from "#features/auth/require-account";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { presentOwnReview, presentToStaff } from "./present-review.ts";
import type { Moderation, OwnReviewWire, ReviewPatch, StaffReviewWire } from "./schema.ts";
import { type Review, deleteReview, findReview, updateReview } from "./store.ts";

export type ReviewAtVersion = { readonly id: Id<"review">; readonly version: number };

/**
 * Changes one's own review; what the staff has approved was another text, so it waits for approval again.
 * @throws AppError not_found, version_mismatch.
 */
export async function changeOwnReview(
  context: Context,
  at: ReviewAtVersion,
  patch: ReviewPatch,
): Promise<OwnReviewWire> {
  const before = await requireOwnReview(context, at);
  const after: Review = {
    ...before,
    rating: patch.rating ?? before.rating,
    title: patch.title === undefined ? before.title : patch.title,
    body: patch.body ?? before.body,
    author: patch.author ?? before.author,
    status: "pending",
    reason: null,
    moderated_by: null,
    moderated_at: null,
    version: before.version + 1,
    updated_at: context.now(),
  };
  const answer = presentOwnReview(after);
  await replace(context, after, answer);
  return answer;
}

/** @throws AppError not_found, version_mismatch. */
export async function removeOwnReview(context: Context, at: ReviewAtVersion): Promise<void> {
  await requireOwnReview(context, at);
  await transact(context.databases.primary, [deleteReview(context, at.id, at.version)]).catch(refuseStale);
  context.wakeOutbox();
}

/**
 * Shows a review to everybody, or hides it. The version makes sure that it is the text which was read.
 * @throws AppError not_found, version_mismatch.
 */
export async function moderateReview(
  context: Context,
  at: ReviewAtVersion,
  { status, reason }: Moderation,
): Promise<StaffReviewWire> {
  const before = await requireReview(context, at);
  const after: Review = {
    ...before,
    status,
    reason,
    moderated_by: actorOf(context.principal),
    moderated_at: context.now(),
    version: before.version + 1,
  };
  const answer = presentToStaff(after);
  await replace(context, after, answer);
  return answer;
}

async function replace(context: Context, after: Review, answer: unknown): Promise<void> {
  await transact(context.databases.primary, [
    updateReview(context, after, after.version - 1),
    ...recordAnswer(context, answer),
  ]).catch(refuseStale);
  context.wakeOutbox();
}

/** Other people's are not found. */
async function requireOwnReview(context: Context, at: ReviewAtVersion): Promise<Review> {
  const user = await requireAccount(context);
  return requireReview(context, at, user.id);
}

async function requireReview(
  context: Context,
  { id, version }: ReviewAtVersion,
  ownerId?: string,
): Promise<Review> {
  const review = await findReview(context, id);
  if (review === undefined || (ownerId !== undefined && review.user_id !== ownerId))
    throw new AppError("not_found", { detail: "There is no review with this id." });
  if (review.version !== version) throw staleReview();
  return review;
}

function refuseStale(error: unknown): never {
  throw lostRace(error) ? staleReview() : error;
}

function staleReview(): AppError {
  return new AppError("version_mismatch", { detail: "The review has changed; read it again and repeat." });
}
