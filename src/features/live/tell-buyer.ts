import { timeOfId } from "#core/ids";
import { toTimestamp } from "#core/time";
import type { Publication } from "#durable-objects/rooms/stream";
import type { OrderEventType, RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import type { RoomName } from "./rules.ts";
import { followedRoomsOfOrder } from "./store.ts";

/** Tells everybody who follows an order what happened to it. A repetition of the event is not told again. */
export async function tellBuyer(context: Context, event: RecordedEvent<OrderEventType>): Promise<void> {
  const { id: eventId, type, data } = event;
  const { order_id: orderId, sequence, status } = data;
  const told = { order_id: orderId, sequence, status };
  const publication: Publication = { eventId, type, data: told, at: toTimestamp(timeOfId(eventId)) };
  const rooms = (await followedRoomsOfOrder(context, orderId)) ?? [];
  await Promise.all(rooms.map((room) => publish(context, room, publication)));
}

async function publish(context: Context, room: RoomName, publication: Publication): Promise<void> {
  const reply = await context.objects.room(room).publish(publication);
  if (!reply.ok) throw new Error(`the room refused event ${publication.eventId}: ${reply.reason}`);
}
