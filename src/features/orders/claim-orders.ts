import { type SQL, and, eq, isNull, or, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { livesHere, otherOrderHomes } from "#platform/order-homes";
import { orders } from "./tables.ts";

export type GuestTraces = {
  /** The cart that the guest proved to hold. */
  readonly cartId?: Id<"cart"> | undefined;
  /** An address that is proven to be the user's. */
  readonly verifiedEmail?: string | undefined;
};

/**
 * Gives a guest's orders to an account; they keep their ids, and so the shards of the guest's carts. An order that
 * somebody owns is never given away, so it may run any number of times at once.
 */
export async function claimOrders(context: Context, userId: string, traces: GuestTraces): Promise<void> {
  const { primary } = context.databases;
  const ofGuest = and(ordersOfGuest(traces), livesHere(context, orders.id));
  await primary.execute(sql`
    with claimed as (
      update orders set user_id = ${userId} where ${ofGuest} returning shard_of(id) as shard)
    insert into customer_shards (user_id, shard) select distinct ${userId}, shard from claimed
    on conflict do nothing`);
  await Promise.all(
    otherOrderHomes(context).map(({ database }) => claimElsewhere(context, database, { userId, ofGuest })),
  );
}

type Claim = { userId: string; ofGuest: SQL | undefined };

async function claimElsewhere(context: Context, database: Database, { userId, ofGuest }: Claim) {
  const left = await database.selectDistinct({ shard: shardOfOrder }).from(orders).where(ofGuest);
  if (left.length === 0) return;
  const shards = sql`(select value::int from jsonb_array_elements_text(${JSON.stringify(left.map(({ shard }) => shard))}::jsonb))`;
  // Known before it is true: whatever becomes of the rest, the account's list looks there.
  await context.databases.primary.execute(sql`
    insert into customer_shards (user_id, shard) select ${userId}, * from ${shards} shards
    on conflict do nothing`);
  await database
    .update(orders)
    .set({ userId })
    .where(and(ofGuest, sql`${shardOfOrder} in ${shards}`));
}

const shardOfOrder = sql<number>`shard_of(${orders.id})`;

function ordersOfGuest({ cartId, verifiedEmail }: GuestTraces) {
  return and(
    isNull(orders.userId),
    or(
      ...(cartId === undefined ? [] : [eq(orders.cartId, cartId)]),
      ...(verifiedEmail === undefined ? [] : [eq(sql`lower(${orders.email})`, verifiedEmail.toLowerCase())]),
      sql`false`,
    ),
  );
}
