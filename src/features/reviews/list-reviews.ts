import { sql } from "drizzle-orm";
import type { Page, PageRequest } from "#core/page";
import { requireAccount } from "#features/auth/require-account";
import { readProduct } from "#features/catalog/read-product";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import type { Database } from "#platform/database";
import { readNearby } from "#platform/nearby-reads";
import type { reviewSorts, reviewStatuses } from "./schema.ts";
import { type Review, type ReviewList, selectReviews } from "./store.ts";

type ReviewSort = (typeof reviewSorts)[number];
type ReviewStatus = (typeof reviewStatuses)[number];

/**
 * The approved reviews of a product on sale.
 * @throws AppError not_found, invalid_cursor.
 */
export async function listReviews(
  context: Context,
  {
    productIdOrHandle,
    sort,
    rating,
  }: { productIdOrHandle: string; sort: ReviewSort; rating?: number | undefined },
  request: PageRequest,
): Promise<Page<Review>> {
  const { id } = await readProduct(context, productIdOrHandle);
  const ofRating = rating === undefined ? sql`true` : sql`rating = ${rating}`;
  return readReviews(context, (read) => readNearby(context, read), {
    request,
    name: `reviews of ${id} ${sort} ${rating ?? ""}`,
    filter: sql`product_id = ${id} and status = 'approved' and ${ofRating}`,
    byRating: sort !== "newest",
    descending: sort !== "lowest",
  });
}

/** Everything that the signed-in customer has written, the newest first. */
export async function listOwnReviews(context: Context, request: PageRequest): Promise<Page<Review>> {
  const user = await requireAccount(context);
  return readReviews(context, (read) => read(context.databases.primary), {
    request,
    name: `reviews by ${user.id}`,
    filter: sql`user_id = ${user.id}`,
    byRating: false,
    descending: true,
  });
}

/** Reviews of one status for the staff, those that wait the longest first. */
export async function listReviewsToModerate(
  context: Context,
  status: ReviewStatus,
  request: PageRequest,
): Promise<Page<Review>> {
  return readReviews(context, (read) => read(context.databases.primary), {
    request,
    name: `reviews ${status}`,
    filter: sql`status = ${status}`,
    byRating: false,
    descending: false,
  });
}

/** Reads from the primary, or from a replica that may lag behind it. */
type Reading = (read: (database: Database) => Promise<Review[]>) => Promise<Review[]>;

function readReviews(
  context: Context,
  from: Reading,
  { request, name, ...list }: ReviewList & { request: PageRequest; name: string },
): Promise<Page<Review>> {
  return readPage<Review>(context.settings, request, {
    name,
    positionOf: ({ id, rating }) => (list.byRating ? [String(rating), id] : [id]),
    read: (travel) => from((database) => selectReviews(database, list, travel)),
  });
}
