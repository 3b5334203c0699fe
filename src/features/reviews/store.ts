import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type Id, idSchema } from "#core/ids";
import { epochMs } from "#core/time";
import { homesOfCustomer } from "#features/orders/customer-homes";
import { orderTables } from "#features/orders/places";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import type { Database } from "#platform/database";
import { findInHomes } from "#platform/order-homes";
import { reviewStatuses } from "./schema.ts";

const moment = z.coerce.date().transform((date) => epochMs(date.getTime()));

const Row = z.object({
  id: idSchema("review"),
  product_id: z.string(),
  user_id: z.string(),
  rating: z.coerce.number(),
  title: z.string().nullable(),
  body: z.string(),
  author: z.string(),
  status: z.enum(reviewStatuses),
  reason: z.string().nullable(),
  moderated_by: z.string().nullable(),
  moderated_at: moment.nullable(),
  version: z.coerce.number(),
  created_at: moment,
  updated_at: moment,
});
export type Review = z.infer<typeof Row>;

const columns = sql`id, product_id, user_id, rating, title, body, author, status, reason, moderated_by, moderated_at,
  version, created_at, updated_at`;

async function select(database: Database, rest: SQL): Promise<Review[]> {
  const { rows } = await database.execute(sql`select ${columns} from reviews where ${rest}`);
  return z.array(Row).parse(rows);
}

export async function findReview(context: Context, id: Id<"review">): Promise<Review | undefined> {
  const [review] = await select(context.databases.primary, sql`id = ${id}`);
  return review;
}

/** How a list of reviews is filtered and sorted; the id breaks ties, and newer ids are greater. */
export type ReviewList = {
  readonly filter: SQL;
  /** By rating before the id, or by the id alone. */
  readonly byRating: boolean;
  readonly descending: boolean;
};

export async function selectReviews(
  database: Database,
  { filter, byRating, descending }: ReviewList,
  { direction, from, rowsMax }: Travel,
): Promise<Review[]> {
  const downwards = descending === (direction === "after");
  const [comparison, order] = downwards ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`];
  const [id, rating] = from?.toReversed() ?? [];
  const beyond =
    id === undefined
      ? sql`true`
      : byRating
        ? sql`(rating, id) ${comparison} (${rating}::smallint, ${id})`
        : sql`id ${comparison} ${id}`;
  const keys = byRating ? sql`rating ${order}, id ${order}` : sql`id ${order}`;
  return select(database, sql`${filter} and ${beyond} order by ${keys} limit ${rowsMax}`);
}

/**
 * Raises unless the author has bought the product in an order of one of these statuses, here or elsewhere; breaks the unique key
 * `reviews_product_id_user_id_key` when there is a review already.
 */
export function insertReview(
  context: Context,
  review: Review,
  bought: { statuses: readonly string[]; elsewhere: boolean },
) {
  const { id, product_id: productId, user_id: userId, rating, title, body, author } = review;
  const at = new Date(review.created_at).toISOString();
  return context.databases.primary.execute(sql`
    with written as (
      insert into reviews (id, product_id, user_id, rating, title, body, author, created_at, updated_at)
      select ${id}, ${productId}, ${userId}, ${rating}, ${title}, ${body}, ${author}, ${at}, ${at}
      where ${bought.elsewhere}::boolean or ${hasBought({ productId, userId }, bought.statuses)}
      returning 1)
    select expect_rows((select count(*) from written), 1)`);
}

type Purchase = { readonly productId: string; readonly userId: string };

function hasBought({ productId, userId }: Purchase, orderStatuses: readonly string[]): SQL {
  const { orders, lines } = orderTables.everywhere;
  return sql`exists (
    select 1 from ${lines} line join ${orders} o on o.id = line.order_id
    where line.product_id = ${productId} and o.user_id = ${userId} and o.status::text in ${orderStatuses})`;
}

/** Whether a customer has bought a product in an order that lives in another database than reviews do. */
export async function hasBoughtElsewhere(
  context: Context,
  purchase: Purchase,
  orderStatuses: readonly string[],
): Promise<boolean> {
  const { primary } = context.databases;
  const homes = await homesOfCustomer(context, purchase.userId);
  const elsewhere = homes.filter(({ database }) => database !== primary);
  const found = await findInHomes(elsewhere, async (database) => {
    const { rows } = await database.execute(sql`select 1 where ${hasBought(purchase, orderStatuses)}`);
    return rows;
  });
  return found !== undefined;
}

/** Raises unless the review is at the version that was read. */
export function updateReview(context: Context, review: Review, versionRead: number) {
  const moderatedAt = review.moderated_at === null ? null : new Date(review.moderated_at).toISOString();
  return context.databases.primary.execute(sql`
    with written as (
      update reviews set rating = ${review.rating}, title = ${review.title}, body = ${review.body},
        author = ${review.author}, status = ${review.status}, reason = ${review.reason},
        moderated_by = ${review.moderated_by}, moderated_at = ${moderatedAt}, version = ${review.version},
        updated_at = ${new Date(review.updated_at).toISOString()}
      where id = ${review.id} and version = ${versionRead} returning 1)
    select expect_rows((select count(*) from written), 1)`);
}

/** Raises unless the review is at the version that was read. */
export function deleteReview(context: Context, id: Id<"review">, versionRead: number) {
  return context.databases.primary.execute(sql`
    with deleted as (delete from reviews where id = ${id} and version = ${versionRead} returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}
