import { sql } from "drizzle-orm";
import { z } from "zod";
import { shardOfId } from "#core/ids";
import type { Context } from "#platform/context";
import type { OrderHome } from "#platform/database";
import { homesOfShards, orderHomes } from "#platform/order-homes";

const Shards = z.array(z.object({ shard: z.int() }));

/**
 * The databases that may have orders of this customer: the one of the account's own shard, and those of the guest carts
 * whose orders the account took over. With one database that is the one, and nothing is read.
 */
export async function homesOfCustomer(context: Context, userId: string): Promise<readonly OrderHome[]> {
  const homes = orderHomes(context);
  if (homes.length === 1) return homes;
  const { rows } = await context.databases.primary.execute(
    sql`select shard from customer_shards where user_id = ${userId}`,
  );
  return homesOfShards(context, [shardOfId(userId), ...Shards.parse(rows).map(({ shard }) => shard)]);
}
