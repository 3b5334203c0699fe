import { z } from "zod";
import { AppError } from "#core/errors";
import { minuteMs, secondMs } from "#core/time";
import type { AdmissionRefusal, Entry, EntryHeader } from "#durable-objects/rooms/admission";
import type { Context } from "#platform/context";
import { openToken } from "#platform/signed-tokens";
import { sessionStands } from "#platform/standing-session";
import { Ticket, mayConnectFrom } from "./rules.ts";

/** Somebody at the door of a room. */
export type Visit = {
  readonly ticket: string;
  /** The last cursor of an earlier connection. */
  readonly after: string | undefined;
  /** Where the page that asks is from, as the browser says. */
  readonly origin: string | undefined;
};

/** The room's own 101 answer with the WebSocket. @throws as {@link enterRoom}'s refusals. */
export function openWebSocket(context: Context, visit: Visit): Promise<Response> {
  return enterRoom(context, visit, "websocket");
}

/** The room's answer that streams server-sent events. @throws as {@link enterRoom}'s refusals. */
export function openEventStream(context: Context, visit: Visit): Promise<Response> {
  return enterRoom(context, visit, "event_stream");
}

/** @throws AppError forbidden for foreign pages, invalid_token, too_many_connections, rate_limited. */
async function enterRoom(context: Context, visit: Visit, kind: Entry["kind"]): Promise<Response> {
  const { CORS_ORIGINS, PUBLIC_URL } = context.settings;
  if (!mayConnectFrom(visit.origin, [new URL(PUBLIC_URL).origin, ...CORS_ORIGINS]))
    throw new AppError("forbidden", { detail: "Pages of this origin may not listen; see CORS_ORIGINS." });
  const ticket = await openTicket(context, visit.ticket);
  const { id: ticketId, expires_at: expiresAt, session_id: sessionId } = ticket;
  const entry: Entry = { kind, ticketId, expiresAt, sessionId, after: visit.after };
  const entryHeaders: Record<EntryHeader, string> = { "live-entry": JSON.stringify(entry) };
  // The room never sees the client's own request: no ticket is kept with the socket, and no header is believed.
  const headers = kind === "websocket" ? { ...entryHeaders, upgrade: "websocket" } : entryHeaders;
  const request = new Request("https://room.invalid/", { headers });
  const room = context.objects.room(ticket.room);
  const answer = await room.fetch(request);
  if (answer.status === 409) throw refusals[RefusalBody.parse(await answer.json()).reason]();
  // Looked up once the connection is there: a session that ends after this look finds it and closes it.
  if (sessionId !== undefined && !(await sessionStands(context, { sessionId }))) {
    await room.endSessions([sessionId]);
    throw refusalOfTicket("The session that asked for this ticket has ended.");
  }
  // An object's answer is read-only, and ours get headers on their way out.
  return new Response(answer.body, answer);
}

async function openTicket(context: Context, token: string): Promise<Ticket> {
  const text = await openToken(context.settings, "live-ticket", token);
  if (text === undefined) throw refusalOfTicket("This ticket was not issued here.");
  const ticket = Ticket.parse(JSON.parse(text));
  if (ticket.expires_at <= context.now()) throw refusals.ticket_expired();
  return ticket;
}

const refusals = {
  ticket_expired: () => refusalOfTicket("This ticket has expired."),
  ticket_used: () => refusalOfTicket("This ticket was used before; each is good for one connection."),
  too_many_tickets: () =>
    new AppError("rate_limited", {
      detail: "Too many connections were made in the last minute. Wait and connect again.",
      retryAfterSeconds: minuteMs / secondMs,
    }),
  room_full: () =>
    new AppError("too_many_connections", { detail: "Close one of the open connections and connect again." }),
} satisfies Record<AdmissionRefusal, () => AppError>;

const RefusalBody = z.object({
  reason: z.enum(["ticket_expired", "ticket_used", "too_many_tickets", "room_full"]),
});

function refusalOfTicket(detail: string): AppError {
  return new AppError("invalid_token", { detail: `${detail} Ask for another at POST /live/ticket.` });
}
