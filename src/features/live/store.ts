import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { createGatherer } from "#platform/gather";
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
export const followedRoomsOfOrder = createGatherer<readonly RoomName[]>(async ({ databases }, orderIds) => {
  const { rows } = await databases.primary.execute(sql`
    select o.id as order_id, array_agg(followed.room) as rooms
    from orders o join followed_rooms followed on followed.room in ('order:' || o.id, 'user:' || o.user_id)
    where o.id = any (array(select jsonb_array_elements_text(${JSON.stringify(orderIds)}::jsonb)))
    group by o.id`);
  return new Map(rows.map((row) => Row.parse(row)).map(({ order_id: id, rooms }) => [id, rooms]));
});
