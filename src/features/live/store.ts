import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { createGatherer } from "#platform/gather";
import { readAtHomes } from "#platform/order-homes";
import { type RoomName, RoomNames } from "./rules.ts";

/** From now on the room is told; committed before anybody can come in. */
export async function markFollowed(context: Context, room: RoomName): Promise<void> {
  await context.databases.primary.execute(
    sql`insert into followed_rooms (room) values (${room}) on conflict (room) do nothing`,
  );
}

const Row = z.object({ order_id: z.string(), rooms: RoomNames });

/**
 * The rooms that hear of an order, as far as anybody was ever given a ticket to them: its buyer's and its own. An event
 * is committed before it is delivered, so that whoever gets the first ticket after this reading finds it over HTTP.
 */
export const followedRoomsOfOrder = createGatherer<readonly RoomName[]>(async (context, orderIds) => {
  const { primary } = context.databases;
  const found = await readAtHomes(context, orderIds, (database, ids) =>
    database === primary ? selectRooms(primary, ids) : selectRoomsOfStrangers(context, database, ids),
  );
  return new Map(found.map(({ order_id: id, rooms }) => [id, rooms]));
});

async function selectRooms(primary: Database, orderIds: readonly string[]) {
  const { rows } = await primary.execute(
    sql`select order_id, rooms from rooms_following_orders(${JSON.stringify(orderIds)}::jsonb)`,
  );
  return z.array(Row).parse(rows);
}

const OwnerRows = z.array(z.object({ order_id: z.string(), user_id: z.string().nullable() }));

/** Rooms are remembered in the primary, whoever lives elsewhere. */
async function selectRoomsOfStrangers(context: Context, database: Database, orderIds: readonly string[]) {
  const owners = await database.execute(sql`
    select id as order_id, user_id from orders
    where id = any (array(select jsonb_array_elements_text(${JSON.stringify(orderIds)}::jsonb)))`);
  const { rows } = await context.databases.primary.execute(sql`
    select o.order_id, array_agg(followed.room) as rooms
    from jsonb_to_recordset(${JSON.stringify(OwnerRows.parse(owners.rows))}::jsonb)
        as o (order_id text, user_id text)
      join followed_rooms followed on followed.room in ('order:' || o.order_id, 'user:' || o.user_id)
    group by o.order_id`);
  return z.array(Row).parse(rows);
}
