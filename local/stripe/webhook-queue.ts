import type { Stripe } from "stripe";
import type { Simulation } from "./simulation.ts";

const REORDER_WINDOW_MS = 400;

export function subscribedEndpoints(simulation: Simulation, type: string): Stripe.WebhookEndpoint[] {
  return simulation.store
    .all("webhook_endpoint", [{ field: "status", operator: "=", value: "enabled" }])
    .filter(({ enabled_events: wanted }) => wanted.includes("*") || wanted.includes(type));
}

/** The faults are decided here, once, so that one seed strikes the same webhooks in every run. */
export function enqueueWebhooks(simulation: Simulation, event: Stripe.EventBase): void {
  const { clock, deliveries, faults } = simulation;
  const { duplicate_webhooks, reorder_webhooks, drop_webhooks, webhook_delay_ms } = faults.current();
  for (const endpoint of subscribedEndpoints(simulation, event.type)) {
    const lateMs = faults.roll() < reorder_webhooks ? Math.floor(faults.roll() * REORDER_WINDOW_MS) : 0;
    const delivery = {
      event_id: event.id,
      event_type: event.type,
      endpoint_id: endpoint.id,
      signing: "valid" as const,
      body: JSON.stringify(event),
      due_at_ms: clock.nowMs() + webhook_delay_ms + lateMs,
    };
    const isDropped = faults.roll() < drop_webhooks;
    deliveries.add({ ...delivery, kind: "original", status: isDropped ? "dropped" : "pending" });
    if (faults.roll() < duplicate_webhooks)
      deliveries.add({ ...delivery, kind: "duplicate", status: "pending" });
  }
}
