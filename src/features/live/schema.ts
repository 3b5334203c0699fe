import { z } from "@hono/zod-openapi";
import { ticketLimits } from "./rules.ts";

export const TicketWire = z
  .object({
    ticket: z.string().openapi({ description: "Good for one connection." }),
    expires_at: z.iso.datetime(),
    url: z.url().openapi({ description: "Where to open the WebSocket, with the ticket in it." }),
  })
  .openapi("LiveTicket");
export type TicketWire = z.infer<typeof TicketWire>;

const cursor = z.string().regex(/^[\w-]{1,64}\.\d{1,15}$/);

export const VisitQuery = z.strictObject({
  ticket: z.string().min(1).max(ticketLimits.charactersMax),
  after: cursor.optional().openapi({
    description:
      "The last cursor that came; what was missed since is replayed. Without it, only what is new comes.",
  }),
});

/** One server-sent event; OpenAPI 3.1 describes its fields, and has no word for what its text holds. */
export const ServerEvent = z
  .object({
    id: z.string().optional().openapi({ description: "The cursor." }),
    data: z.string().openapi({ description: "A `LiveMessage` as JSON." }),
  })
  .openapi("LiveEvent");

export const EventStreamHeaders = z.object({
  "last-event-id": cursor.optional().openapi({ description: "Takes precedence over `after`." }),
});
