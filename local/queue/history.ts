import type { EventState, MessageEvent } from "./event-store.ts";
import type { Envelope } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";

type EventDetail = Pick<
  MessageEvent,
  "error" | "responseStatus" | "responseBody" | "responseHeaders" | "nextDeliveryTime"
>;

/** Writes one line of a message's history. Call it inside the transaction that makes it true. */
export function recordEvent(
  { store, clock }: QueueContext,
  message: Envelope,
  change: { state: EventState } & Partial<EventDetail>,
): void {
  const { settings, provenance } = message;
  const [label] = settings.labels;
  store.events.record({
    ...change,
    ...provenance,
    time: clock.now(),
    messageId: message.messageId,
    url: message.url,
    method: settings.method,
    header: settings.header,
    maxRetries: settings.maxRetries,
    createdAt: message.createdAt,
    queueName: message.queueName,
    flowControlKey: settings.flowControl?.key,
    callerIp: settings.callerIp,
    ...(label !== undefined && { label, labels: settings.labels }),
  });
}
