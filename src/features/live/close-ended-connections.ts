import { idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { listEndedSessions } from "#features/auth/list-sessions";
import type { Context } from "#platform/context";
import { roomOfUser } from "./rules.ts";

const UserId = idSchema("user");

/** Whoever was signed out hears nothing more. */
export async function closeEndedConnections(
  context: Context,
  event: RecordedEvent<"user.sessions_ended">,
): Promise<void> {
  const userId = UserId.parse(event.data.user_id);
  const ended = await listEndedSessions(context, userId);
  if (ended.length > 0) await context.objects.room(roomOfUser(userId)).endSessions(ended);
}
