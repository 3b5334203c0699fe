import { Stripe } from "stripe";
import { z } from "zod";
import type { Forgery } from "../simulator/steering.ts";
import { type Announcement, enqueueWebhooks } from "../simulator/webhook-queue.ts";
import { noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, listPage, pagination } from "./list-page.ts";
import type { StoredObject } from "./stored-objects.ts";
import { parseParameters } from "./parameters.ts";
import { answer, type Call, NO_CAUSE, type Reply, type Simulation, type Work } from "./simulation.ts";

type EventType = Stripe.Event["type"];

/** Records what happened, as the object stands now, and queues it for every endpoint that listens. */
export function recordEvent(
  work: Work,
  type: EventType,
  data: { object: StoredObject; before?: StoredObject },
): void {
  const event = buildEvent(work, type, data);
  work.store.save(event);
  enqueueWebhooks(work, announce(work, event));
}

/** A webhook that no event stands behind. */
export function forgeEvent(simulation: Simulation, forgery: Forgery): Announcement | undefined {
  const object = simulation.store.findAny(forgery.object);
  if (object === undefined) return undefined;
  // A forger is not bound to the types that Stripe has.
  const type = forgery.event_type as EventType;
  const event = buildEvent({ ...simulation, cause: NO_CAUSE }, type, { object });
  return announce(simulation, {
    ...event,
    ...forgery.event_claims,
    data: { object: { ...object, ...forgery.claims } },
  });
}

function announce(simulation: Simulation, event: Stripe.EventBase): Announcement {
  return {
    eventId: event.id,
    eventType: event.type,
    body: JSON.stringify(event),
    endpointIds: subscribedEndpoints(simulation, event.type).map(({ id }) => id),
  };
}

function subscribedEndpoints(simulation: Simulation, type: string): Stripe.WebhookEndpoint[] {
  return simulation.store
    .all("webhook_endpoint", [{ field: "status", operator: "=", value: "enabled" }])
    .filter(({ enabled_events: wanted }) => wanted.includes("*") || wanted.includes(type));
}

function buildEvent(
  work: Work,
  type: EventType,
  { object, before }: { object: StoredObject; before?: StoredObject },
): Stripe.EventBase {
  return {
    id: newId("evt"),
    object: "event",
    api_version: Stripe.API_VERSION,
    created: work.clock.nowSeconds(),
    data:
      before === undefined ? { object } : { object, previous_attributes: changedAttributes(before, object) },
    livemode: false,
    pending_webhooks: subscribedEndpoints(work, type).length,
    request: work.cause,
    type,
  };
}

function changedAttributes(before: StoredObject, after: StoredObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(after, name)),
    ),
  );
}

const ListEvents = z.strictObject({
  ...pagination,
  type: z.string().optional(),
  types: z.array(z.string()).min(1).max(20).optional(),
  delivery_success: z.enum(["true", "false"]).optional(),
});

export function listEvents(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListEvents, call.fields);
  const types = parameters.types ?? (parameters.type === undefined ? undefined : [parameters.type]);
  const page = listPage(work, {
    name: "event",
    url: "/v1/events",
    parameters,
    conditions: [
      ...createdFilter(parameters),
      ...(types === undefined ? [] : [{ field: "type", operator: "in" as const, value: types }]),
    ],
  });
  const data = page.data.map((event) => withPendingWebhooks(work, event));
  const undelivered = (event: Stripe.EventBase) => event.pending_webhooks > 0;
  if (parameters.delivery_success === undefined) return answer({ ...page, data });
  const wanted = parameters.delivery_success === "false";
  return answer({ ...page, data: data.filter((event) => undelivered(event) === wanted) });
}

export function retrieveEvent(work: Work, _call: Call, id: string): Reply {
  const event = work.store.find("event", id);
  if (event === undefined) throw noSuch("event", id, "id");
  return answer(withPendingWebhooks(work, event));
}

function withPendingWebhooks(work: Work, event: Stripe.EventBase): Stripe.EventBase {
  return { ...event, pending_webhooks: work.deliveries.pendingEndpoints(event.id) };
}
