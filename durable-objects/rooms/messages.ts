import { z } from "zod";
import { type OrderEventType, eventSchemas } from "#events/catalogue";

/** What one room carries at most. */
export const roomLimits = {
  /** WebSockets open at once; one more is refused. */
  webSocketsMax: 50,
  /** Event streams open at once; one more ends the oldest, whose reader may have gone unnoticed. */
  eventStreamsMax: 10,
  /** Tickets redeemed within the life of a ticket, so that nobody reconnects without end. */
  ticketsMax: 60,
  /** Bytes of a message from the server. */
  messageBytesMax: 8 * 1024,
  /** Life of a WebSocket in milliseconds; after it the client proves anew who it is. */
  webSocketMsMax: 12 * 60 * 60 * 1000,
  /** Life of an event stream in milliseconds; it keeps the room awake, which a WebSocket does not. */
  eventStreamMsMax: 10 * 60 * 1000,
} as const;

/** What a client may send. */
export const clientLimits = {
  messageBytesMax: 256,
  /** Messages in one window; pings in their exact form are answered by the runtime and do not count. */
  messagesPerWindowMax: 20,
  windowMs: 10_000,
} as const;

/** Why the server closes a WebSocket; the name is the reason of the close frame. */
export const closeCodes = {
  message_too_large: 1009,
  unknown_message: 4400,
  ticket_outlived: 4401,
  session_ended: 4403,
  too_many_messages: 4429,
} as const;
export type CloseReason = keyof typeof closeCodes;

const orderEventTypes = Object.keys(eventSchemas).filter((type): type is OrderEventType =>
  type.startsWith("order."),
);

const Cursor = z.string().meta({
  description: "Where the stream continues. Keep the latest and send it as `after` when you connect again.",
});

/** Something happened to an order of this buyer. Read the order for the whole of it. */
const OrderMessage = z.object({
  type: z.enum(orderEventTypes),
  cursor: Cursor,
  data: z.object({ order_id: z.string(), sequence: z.int(), status: z.string() }),
  at: z.iso.datetime(),
});

/** Messages that a room keeps and replays, told apart by `type`. */
export const KeptMessage = z.discriminatedUnion("type", [OrderMessage]);
export type KeptMessage = z.infer<typeof KeptMessage>;

/** Everything that the server sends. */
export const ServerMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), cursor: Cursor }),
  /** Some of what the client missed is no longer kept: it reads again over HTTP and goes on from here. */
  z.object({ type: z.literal("reset"), cursor: Cursor }),
  z.object({ type: z.literal("pong") }),
  ...KeptMessage.options,
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** The runtime answers a ping in exactly this form without waking the room. */
export const pingText = '{"type":"ping"}';
export const pongText = '{"type":"pong"}';
