import { z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import { minuteMs, secondMs } from "#core/time";
import {
  ServerMessage,
  clientLimits,
  closeCodes,
  pingText,
  roomLimits,
} from "#durable-objects/rooms/messages";
import { streamLimits } from "#durable-objects/rooms/stream";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { openEventStream, openWebSocket } from "./enter-room.ts";
import { issueTicket } from "./issue-ticket.ts";
import { ticketLimits } from "./rules.ts";
import { EventStreamHeaders, ServerEvent, TicketWire, VisitQuery } from "./schema.ts";

/** What buyers hear as it happens. */
export const liveRoutes = createRouter();

liveRoutes.openAPIRegistry.register("LiveMessage", ServerMessage);

const tags = ["live"];

const resuming = `Every message is JSON told apart by \`type\` and, \`pong\` excepted, carries a \`cursor\`. First comes \`hello\`. Connect again with \`after\` set to the last cursor that came, and what was missed follows \`hello\` without gap or repetition; the latest ${streamLimits.messagesMax} messages of a day are kept. If some of it is kept no longer, \`reset\` comes instead: read again over HTTP and go on from its cursor. To start, connect first and read over HTTP second.`;

liveRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/live/ticket",
    tags,
    summary: "A ticket for one live connection",
    description: `For a user, to what happens to all their orders; for a guest with an Order-Token, to that order. It is good for ${ticketLimits.ageMsMax / secondMs} seconds and one connection; ${roomLimits.ticketsMax} a minute can be used.`,
    request: { headers: z.object({ "order-token": z.string().max(500).optional() }) },
    responses: {
      201: json(TicketWire, "The ticket"),
      ...problems("unauthenticated"),
    },
  }),
  async (request) => {
    const { "order-token": orderToken } = request.req.valid("header");
    return request.json(await issueTicket(request.var.context, orderToken), 201);
  },
);

liveRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/live",
    tags,
    summary: "What happens to the buyer's orders, over a WebSocket",
    description: `${resuming} To keep the connection warm send \`${pingText}\`, exactly so; \`{"type":"pong"}\` comes back. At most ${roomLimits.webSocketsMax} WebSockets of one buyer may be open. The server closes with a code: ${closeCodesText()}`,
    request: { query: VisitQuery },
    responses: {
      101: { description: "The WebSocket is open; each of its messages is a `LiveMessage`" },
      ...problems("forbidden", "upgrade_required", "too_many_connections", "rate_limited"),
    },
  }),
  (request) => {
    const { ticket, after } = request.req.valid("query");
    if (request.req.header("upgrade")?.toLowerCase() !== "websocket")
      throw new AppError("upgrade_required", {
        detail: "Open this path as a WebSocket, or read GET /live/sse instead.",
      });
    const origin = request.req.header("origin");
    return openWebSocket(request.var.context, { ticket, after, origin });
  },
);

liveRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/live/sse",
    tags,
    summary: "The same as server-sent events, where WebSockets cannot pass",
    description: `${resuming} The cursor is each event's \`id\` as well. The stream ends after ${roomLimits.eventStreamMsMax / minuteMs} minutes, or when ${roomLimits.eventStreamsMax} newer ones are open. A ticket is good once, so an EventSource that lost its connection is told 401 and stops: ask for a new ticket and open a new one with \`after\`.`,
    request: { query: VisitQuery, headers: EventStreamHeaders },
    responses: {
      200: {
        description: "The event stream",
        content: { "text/event-stream": { schema: ServerEvent } },
      },
      ...problems("forbidden", "rate_limited"),
    },
  }),
  (request) => {
    const { ticket, after } = request.req.valid("query");
    const { "last-event-id": lastEventId } = request.req.valid("header");
    const origin = request.req.header("origin");
    return openEventStream(request.var.context, { ticket, after: lastEventId ?? after, origin });
  },
);

function closeCodesText(): string {
  const { message_too_large, unknown_message, ticket_outlived, session_ended, too_many_messages } =
    closeCodes;
  return [
    `${message_too_large}: a message of more than ${clientLimits.messageBytesMax} bytes;`,
    `${unknown_message}: a message that is no ping;`,
    `${ticket_outlived}: open for more than ${roomLimits.webSocketMsMax / (60 * minuteMs)} hours, connect with a new ticket;`,
    `${session_ended}: the session was signed out;`,
    `${too_many_messages}: more than ${clientLimits.messagesPerWindowMax} messages in ${clientLimits.windowMs / secondMs} seconds.`,
  ].join(" ");
}
