import { z } from "zod";
import { idSchema } from "#core/ids";
import { epochMs, minuteMs } from "#core/time";

export const ticketLimits = {
  /** Life of a ticket in milliseconds: it travels in a URL, which ends up in logs. */
  ageMsMax: minuteMs,
  charactersMax: 700,
} as const;

/** Whom a room is for: a buyer with an account, or whoever holds the token of a guest's order. */
const RoomName = z.union([
  z.templateLiteral(["user:", z.string()]),
  z.templateLiteral(["order:", z.string()]),
]);
export type RoomName = z.infer<typeof RoomName>;
export const RoomNames = z.array(RoomName);

export function roomOfUser(userId: string): RoomName {
  return `user:${userId}`;
}

export function roomOfOrder(orderId: string): RoomName {
  return `order:${orderId}`;
}

/**
 * What a ticket says: which room it opens, until when, and an id by which the room knows it has been used. A user's
 * ticket names the session that asked for it, with which the connection ends.
 */
export const Ticket = z.object({
  room: RoomName,
  id: z.string(),
  expires_at: z.number().transform(epochMs),
  session_id: idSchema("session").optional(),
});
export type Ticket = z.infer<typeof Ticket>;

/**
 * Browsers let any page open a WebSocket to anybody and say only where the page is from. Programs send no Origin, and
 * are as good as their ticket.
 */
export function mayConnectFrom(origin: string | undefined, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes(origin);
}
