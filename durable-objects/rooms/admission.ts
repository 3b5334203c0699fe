import { z } from "zod";
import { epochMs, type EpochMs } from "#core/time";
import { roomLimits } from "./messages.ts";

/** How a client comes in: the Worker has opened its ticket and passes the contents on in the `live-entry` header. */
export const Entry = z.object({
  kind: z.enum(["websocket", "event_stream"]),
  ticketId: z.string(),
  expiresAt: z.number().transform(epochMs),
  /** The session that asked for the ticket; the connection ends with it. Guests have none. */
  sessionId: z.string().optional(),
  /** Where an earlier connection had stopped. */
  after: z.string().optional(),
});
export type Entry = z.infer<typeof Entry>;

export const entryHeader = "live-entry";
export type EntryHeader = typeof entryHeader;

/** A refusal's body on its way back to the Worker. */
export type AdmissionRefusal = "ticket_expired" | "ticket_used" | "too_many_tickets" | "room_full";

export type DoorView = {
  readonly webSockets: number;
  /** Redeemed tickets that have not expired; the others are forgotten. */
  readonly liveTickets: number;
  readonly isRedeemed: (ticketId: string) => boolean;
};

/**
 * A ticket opens the room once. It is forgotten when it has expired, which is why this very clock must refuse it from
 * then on, whatever the Worker's clock said.
 */
export function refusalAtTheDoor(door: DoorView, entry: Entry, now: EpochMs): AdmissionRefusal | undefined {
  if (entry.expiresAt <= now) return "ticket_expired";
  if (door.isRedeemed(entry.ticketId)) return "ticket_used";
  if (door.liveTickets >= roomLimits.ticketsMax) return "too_many_tickets";
  if (entry.kind === "websocket" && door.webSockets >= roomLimits.webSocketsMax) return "room_full";
  return undefined;
}
