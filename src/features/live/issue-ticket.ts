import { AppError } from "#core/errors";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { openToken, signToken } from "#platform/signed-tokens";
import { type RoomName, type Ticket, roomOfOrder, roomOfUser, ticketLimits } from "./rules.ts";
import type { TicketWire } from "./schema.ts";
import { markFollowed } from "./store.ts";

/**
 * A short-lived ticket that opens the asker's room once: the user's own, or that of a guest's order.
 * @throws AppError unauthenticated without either; invalid_token when the order token was not issued here.
 */
export async function issueTicket(context: Context, orderToken: string | undefined): Promise<TicketWire> {
  const room = await roomOf(context, orderToken);
  await markFollowed(context, room);
  const { principal } = context;
  const expiresAt = epochMs(context.now() + ticketLimits.ageMsMax);
  const contents: Ticket = {
    room,
    id: crypto.randomUUID(),
    expires_at: expiresAt,
    ...(principal.kind === "user" ? { session_id: principal.sessionId } : {}),
  };
  const ticket = await signToken(context.settings, "live-ticket", JSON.stringify(contents));
  const url = new URL("/live", context.settings.PUBLIC_URL);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("ticket", ticket);
  return { ticket, expires_at: toTimestamp(expiresAt), url: url.href };
}

async function roomOf(context: Context, orderToken: string | undefined): Promise<RoomName> {
  const { principal, settings } = context;
  if (principal.kind === "user") return roomOfUser(principal.userId);
  if (orderToken === undefined)
    throw new AppError("unauthenticated", {
      detail:
        "Send Authorization: Bearer <access token>, or as a guest the order's access_token as Order-Token.",
    });
  const orderId = await openToken(settings, "order", orderToken);
  if (orderId === undefined)
    throw new AppError("invalid_token", { detail: "This Order-Token was not issued here." });
  return roomOfOrder(orderId);
}
