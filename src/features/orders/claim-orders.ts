import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { livesHere, otherOrderHomes } from "#platform/order-homes";
import { orderTables } from "./places.ts";

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
  const ofGuest = sql`${ordersOfGuest(traces)} and ${livesHere(context, sql`id`)}`;
  await primary.execute(sql`
    with claimed as (
      update orders set user_id = ${userId} where ${ofGuest} returning shard_of(id) as shard),
    archived as (
      update archive.orders set user_id = ${userId} where ${ofGuest} returning shard_of(id) as shard)
    insert into customer_shards (user_id, shard)
    select distinct ${userId}, shard from (select * from claimed union all select * from archived) as theirs
    on conflict do nothing`);
  await Promise.all(
    otherOrderHomes(context).map(({ database }) => claimElsewhere(context, database, { userId, ofGuest })),
  );
}

type Claim = { userId: string; ofGuest: SQL };

const Shards = z.array(z.object({ shard: z.int() }));

async function claimElsewhere(context: Context, database: Database, { userId, ofGuest }: Claim) {
  const { rows } = await database.execute(
    sql`select distinct shard_of(id) as shard from ${orderTables.everywhere.orders} o where ${ofGuest}`,
  );
  const left = Shards.parse(rows);
  if (left.length === 0) return;
  const shards = sql`(select value::int from jsonb_array_elements_text(${JSON.stringify(left.map(({ shard }) => shard))}::jsonb))`;
  // Known before it is true: whatever becomes of the rest, the account's list looks there.
  await context.databases.primary.execute(sql`
    insert into customer_shards (user_id, shard) select ${userId}, * from ${shards} shards
    on conflict do nothing`);
  const known = sql`${ofGuest} and shard_of(id) in ${shards}`;
  await database.execute(sql`
    with archived as (update archive.orders set user_id = ${userId} where ${known})
    update orders set user_id = ${userId} where ${known}`);
}

/** Columns are those of orders, wherever they are. */
function ordersOfGuest({ cartId, verifiedEmail }: GuestTraces): SQL {
  const byCart = cartId === undefined ? sql`false` : sql`cart_id = ${cartId}`;
  const byEmail =
    verifiedEmail === undefined ? sql`false` : sql`lower(email) = ${verifiedEmail.toLowerCase()}`;
  return sql`(user_id is null and (${byCart} or ${byEmail}))`;
}
