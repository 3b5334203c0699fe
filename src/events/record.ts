import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import type { NewEvent } from "./catalogue.ts";
import { outbox } from "./outbox-table.ts";

/**
 * The statement that records events; it belongs into the transaction of the change itself. Afterwards wake the drain
 * with `context.wakeOutbox()`.
 */
export function insertEvents(context: Context, events: readonly NewEvent[]) {
  const now = context.now();
  return context.databases.primary.insert(outbox).values(
    events.map((event) => ({
      id: newId("event", now),
      type: event.type,
      subject: event.subject,
      payload: event.data,
      traceparent: context.traceparent ?? null,
    })),
  );
}
