import { parseSelection, selectPage, type Filterable } from "./filters.ts";
import { recordEvent } from "./history.ts";
import type { Message } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import { json, type Call, type Reply, type Route } from "./route.ts";
import { wireMessage } from "./wire-message.ts";

export const messageRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/messages/:messageId",
    answer: (context, call) => json(200, wireMessage(existingMessage(context, call))),
  },
  {
    method: "DELETE",
    path: "/v2/messages/:messageId",
    answer(context, call) {
      cancel(context, existingMessage(context, call));
      return json(200, { cancelled: 1 });
    },
  },
  {
    method: "DELETE",
    path: "/v2/messages",
    answer(context, call) {
      const selection = parseSelection(call.query);
      const limit = call.query.has("count") ? selection.count : Number.POSITIVE_INFINITY;
      const chosen: Message[] = [];
      for (const message of context.store.messages.all()) {
        if (chosen.length === limit) break;
        if (selection.matches(filterable(message))) chosen.push(message);
      }
      for (const message of chosen) cancel(context, message);
      return json(200, { cancelled: chosen.length });
    },
  },
  { method: "GET", path: "/v2/events", answer: (context, call) => listEvents(context, call, "events") },
  { method: "GET", path: "/v2/logs", answer: (context, call) => listEvents(context, call, "logs") },
];

function existingMessage({ store }: QueueContext, call: Call): Message {
  const id = call.parameter("messageId");
  const message = store.messages.find(id);
  if (!message) throw new Refusal(404, `message ${id} not found`);
  return message;
}

/** One that is under way may still arrive, but nothing follows from its answer. */
function cancel(context: QueueContext, message: Message): void {
  recordEvent(context, message, { state: "CANCEL_REQUESTED" });
  context.store.messages.remove(message.messageId);
  recordEvent(context, message, { state: "CANCELLED" });
}

function listEvents({ store }: QueueContext, call: Call, name: "events" | "logs"): Reply {
  const selection = parseSelection(call.query);
  const page = selectPage(store.events.before(selection.cursor), {
    count: selection.count,
    matches: ({ event }) => selection.matches({ ...event, labels: event.labels ?? [] }),
  });
  return json(200, { [name]: page.items.map(({ event }) => event), cursor: page.cursor });
}

function filterable(message: Message): Filterable {
  const { messageId, url, queueName, settings, provenance, createdAt } = message;
  return {
    messageId,
    url,
    queueName,
    ...provenance,
    time: createdAt,
    callerIp: settings.callerIp,
    labels: settings.labels,
    flowControlKey: settings.flowControl?.key,
  };
}
