import type { Forgery } from "../simulator/steering.ts";
import { type Announcement, enqueueWebhooks } from "../simulator/webhook-queue.ts";
import { unknownResource } from "./failure.ts";
import { newEventId } from "./ids.ts";
import type { StoredEvent, StoredObjects } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

/** The events that this simulator sends, and what PayPal says of each. */
const KINDS = {
  "CHECKOUT.ORDER.APPROVED": { resource: "checkout-order", summary: "An order has been approved by buyer" },
  "PAYMENT.AUTHORIZATION.CREATED": {
    resource: "authorization",
    summary: "A payment authorization was created",
  },
  "PAYMENT.AUTHORIZATION.VOIDED": {
    resource: "authorization",
    summary: "A payment authorization was voided",
  },
  "PAYMENT.CAPTURE.COMPLETED": { resource: "capture", summary: "Payment completed" },
  "PAYMENT.CAPTURE.PENDING": { resource: "capture", summary: "Payment pending" },
  "PAYMENT.CAPTURE.DENIED": { resource: "capture", summary: "Payment denied" },
  "PAYMENT.CAPTURE.REFUNDED": { resource: "refund", summary: "Payment refunded" },
  "CUSTOMER.DISPUTE.CREATED": { resource: "dispute", summary: "A new dispute opened" },
  "CUSTOMER.DISPUTE.UPDATED": { resource: "dispute", summary: "A dispute was updated" },
  "CUSTOMER.DISPUTE.RESOLVED": { resource: "dispute", summary: "A dispute was resolved" },
} as const;
type EventType = keyof typeof KINDS;
export const EVENT_TYPES = Object.keys(KINDS);

type Subject = { resource: object; transactionId: string; origin: string };

/** Records what happened, as the resource stands now, and queues it for every webhook that listens. */
export function recordEvent(
  simulation: Simulation,
  type: EventType | `PAYMENT.CAPTURE.${string}`,
  subject: Subject,
): void {
  const event = buildEvent(simulation, type, subject);
  simulation.store.save(event);
  enqueueWebhooks(simulation, announce(simulation, event));
}

function buildEvent(simulation: Simulation, type: string, subject: Subject): StoredEvent {
  const { resource, transactionId, origin } = subject;
  const kind = isKnown(type) ? KINDS[type] : { resource: "unknown", summary: type };
  const id = newEventId();
  const url = `${origin}/v1/notifications/webhooks-events/${id}`;
  return {
    kind: "event",
    id,
    created: simulation.clock.nowSeconds(),
    eventType: type,
    transactionId,
    body: {
      id,
      event_version: "1.0",
      create_time: timestamp(simulation),
      resource_type: kind.resource,
      resource_version: "2.0",
      event_type: type,
      summary: kind.summary,
      resource,
      links: [
        { href: url, rel: "self", method: "GET" },
        { href: `${url}/resend`, rel: "resend", method: "POST" },
      ],
    },
  };
}

function isKnown(type: string): type is EventType {
  return Object.hasOwn(KINDS, type);
}

function announce({ store }: Simulation, event: StoredEvent): Announcement {
  const listening = store
    .all("webhook", [])
    .filter(({ eventTypes }) => eventTypes.includes("*") || eventTypes.includes(event.eventType));
  return {
    eventId: event.id,
    eventType: event.eventType,
    body: JSON.stringify(event.body),
    endpointIds: listening.map(({ id }) => id),
  };
}

/** A webhook that no event stands behind. */
export function forgeEvent(
  simulation: Simulation,
  forgery: Forgery,
  describe: (object: StoredObjects[keyof StoredObjects]) => object,
): Announcement | undefined {
  const object = simulation.store.findAny(forgery.object);
  if (object === undefined) return undefined;
  const resource = { ...describe(object), ...forgery.claims };
  const origin = "origin" in object ? object.origin : "";
  const event = buildEvent(simulation, forgery.event_type, { resource, transactionId: object.id, origin });
  return announce(simulation, { ...event, body: { ...event.body, ...forgery.event_claims } });
}

const PAGE_SIZE_DEFAULT = 10;
const PAGE_SIZE_MAX = 300;

/** Newest first. Whoever missed webhooks finds here what happened. */
export function listEvents({ store }: Simulation, { query, origin }: Call): Reply {
  const size = Math.min(Number(query.get("page_size") ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX);
  const conditions = [
    ...timeCondition(">=", query.get("start_time")),
    ...timeCondition("<=", query.get("end_time")),
    ...equalTo("eventType", query.get("event_type")),
    ...equalTo("transactionId", query.get("transaction_id")),
  ];
  const after = query.get("next_page_token") ?? undefined;
  const found = store.list("event", { conditions, limit: size, startingAfter: after });
  const page = found.slice(0, size);
  const last = page.at(-1);
  const path = `${origin}/v1/notifications/webhooks-events`;
  const next = new URLSearchParams(query);
  if (last !== undefined) next.set("next_page_token", last.id);
  return answer(200, {
    events: page.map(({ body }) => body),
    count: page.length,
    links: [
      { href: `${path}${query.size === 0 ? "" : `?${query}`}`, rel: "self", method: "GET" },
      ...(found.length > size ? [{ href: `${path}?${next}`, rel: "next", method: "GET" }] : []),
    ],
  });
}

function timeCondition(operator: "<=" | ">=", time: string | null) {
  const seconds = time === null ? Number.NaN : Math.floor(Date.parse(time) / 1000);
  return Number.isNaN(seconds) ? [] : [{ field: "created", operator, value: seconds }];
}

function equalTo(field: string, value: string | null) {
  return value === null ? [] : [{ field, operator: "=" as const, value }];
}

export function retrieveEvent(simulation: Simulation, _call: Call, id: string): Reply {
  return answer(200, findEvent(simulation, id).body);
}

export function resendEvent(simulation: Simulation, _call: Call, id: string): Reply {
  const event = findEvent(simulation, id);
  enqueueWebhooks(simulation, announce(simulation, event));
  return answer(202, event.body);
}

function findEvent({ store }: Simulation, id: string): StoredEvent {
  const event = store.find("event", id);
  if (event === undefined) throw unknownResource();
  return event;
}
