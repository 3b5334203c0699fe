import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const EVENTS_KEPT_MAX = 100_000;
const EVENTS_BETWEEN_PRUNINGS = 1000;

export const EventState = z.enum([
  "CREATED",
  "ACTIVE",
  "RETRY",
  "ERROR",
  "DELIVERED",
  "FAILED",
  "CANCEL_REQUESTED",
  "CANCELLED",
]);
export type EventState = z.infer<typeof EventState>;

/** One line of a message's history, in the wire's form. */
export const MessageEvent = z.object({
  time: z.number(),
  state: EventState,
  messageId: z.string(),
  url: z.string(),
  method: z.string(),
  header: z.record(z.string(), z.array(z.string())),
  maxRetries: z.number(),
  createdAt: z.number(),
  topicName: z.string().optional(),
  endpointName: z.string().optional(),
  scheduleId: z.string().optional(),
  queueName: z.string().optional(),
  flowControlKey: z.string().optional(),
  labels: z.array(z.string()).optional(),
  label: z.string().optional(),
  callerIp: z.string(),
  error: z.string().optional(),
  responseStatus: z.number().optional(),
  /** Base64. */
  responseBody: z.string().optional(),
  responseHeaders: z.record(z.string(), z.array(z.string())).optional(),
  nextDeliveryTime: z.number().optional(),
});
export type MessageEvent = z.infer<typeof MessageEvent>;

const EventRow = z
  .object({ sequence: z.number(), event: z.string() })
  .transform((row) => ({ sequence: row.sequence, event: MessageEvent.parse(JSON.parse(row.event)) }));
const TotalRow = z.object({ state: EventState, total: z.number() });

/** The history of all messages, the newest 100,000 events of it, and totals that never forget. */
export function createEventStore(database: DatabaseSync) {
  const insert = database.prepare("insert into events (event) values (?)");
  const addToTotal = database.prepare(
    "insert into event_totals values (?, 1) on conflict (state) do update set total = total + 1",
  );
  const prune = database.prepare("delete from events where sequence <= ?");
  const selectNewestFirst = database.prepare(
    "select * from events where sequence < ? order by sequence desc",
  );
  const selectTotals = database.prepare("select * from event_totals");

  return {
    record(event: MessageEvent): void {
      const { lastInsertRowid } = insert.run(JSON.stringify(event));
      addToTotal.run(event.state);
      const sequence = Number(lastInsertRowid);
      if (sequence % EVENTS_BETWEEN_PRUNINGS === 0) prune.run(sequence - EVENTS_KEPT_MAX);
    },
    /** Newest first, older than the cursor. */
    *before(cursor: number): Generator<{ sequence: number; event: MessageEvent }> {
      for (const row of selectNewestFirst.iterate(cursor)) yield EventRow.parse(row);
    },
    totals: (): ReadonlyMap<EventState, number> =>
      new Map(
        selectTotals.all().map((row) => {
          const { state, total } = TotalRow.parse(row);
          return [state, total];
        }),
      ),
  };
}
