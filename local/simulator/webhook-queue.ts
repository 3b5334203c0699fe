import type { Clock } from "./clock.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { FaultSettings } from "./faults.ts";

const REORDER_WINDOW_MS = 400;

type Outbox = { clock: Clock; deliveries: DeliveryTable; faults: FaultSettings };

/** An event as it is sent: the same body to every endpoint. */
export type Announcement = {
  eventId: string;
  eventType: string;
  body: string;
  endpointIds: readonly string[];
};

/** The faults are decided here, once, so that one seed strikes the same webhooks in every run. */
export function enqueueWebhooks({ clock, deliveries, faults }: Outbox, announcement: Announcement): void {
  const { duplicate_webhooks, reorder_webhooks, drop_webhooks, webhook_delay_ms } = faults.current();
  for (const endpointId of announcement.endpointIds) {
    const lateMs = faults.roll() < reorder_webhooks ? Math.floor(faults.roll() * REORDER_WINDOW_MS) : 0;
    const delivery = {
      event_id: announcement.eventId,
      event_type: announcement.eventType,
      endpoint_id: endpointId,
      signing: "valid" as const,
      body: announcement.body,
      due_at_ms: clock.nowMs() + webhook_delay_ms + lateMs,
    };
    const isDropped = faults.roll() < drop_webhooks || faults.dropsWebhook(announcement.body);
    deliveries.add({ ...delivery, kind: "original", status: isDropped ? "dropped" : "pending" });
    if (faults.roll() < duplicate_webhooks)
      deliveries.add({ ...delivery, kind: "duplicate", status: "pending" });
  }
}
