import type { DeadLetter } from "./dead-letter-store.ts";
import { parseSelection, selectPage, type Page } from "./filters.ts";
import { recordEvent } from "./history.ts";
import { newIdentifier } from "./identifier.ts";
import type { HeaderMap, Message } from "./message.ts";
import { parsePublishHeaders } from "./publish-headers.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import { done, json, type Call, type Route } from "./route.ts";
import { wireDeadLetter } from "./wire-message.ts";

export const deadLetterRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/dlq",
    answer(context, call) {
      const { items, cursor } = selectLetters(context, call);
      return json(200, { messages: items.map(wireDeadLetter), cursor });
    },
  },
  {
    method: "DELETE",
    path: "/v2/dlq",
    answer(context, call) {
      const { items, cursor } = selectLetters(context, call);
      for (const { dlqId } of items) context.store.deadLetters.remove(dlqId);
      return json(200, { deleted: items.length, cursor });
    },
  },
  {
    method: "POST",
    path: "/v2/dlq/retry",
    answer(context, call) {
      const { items, cursor } = selectLetters(context, call);
      const responses = items.map((letter) => retryDeadLetter(context, letter, call.headers));
      return json(201, { responses, cursor });
    },
  },
  {
    method: "POST",
    path: "/v2/dlq/retry/:dlqId",
    answer: (context, call) =>
      json(201, retryDeadLetter(context, existingLetter(context, call), call.headers)),
  },
  {
    method: "GET",
    path: "/v2/dlq/:dlqId",
    answer: (context, call) => json(200, wireDeadLetter(existingLetter(context, call))),
  },
  {
    method: "DELETE",
    path: "/v2/dlq/:dlqId",
    answer(context, call) {
      context.store.deadLetters.remove(existingLetter(context, call).dlqId);
      return done;
    },
  },
];

/** A new message with the same content takes the place of the dead letter; `Upstash-Retries` may give it more tries. */
export function retryDeadLetter(
  context: QueueContext,
  letter: DeadLetter,
  headers: HeaderMap,
): { messageId: string } {
  const { store, clock } = context;
  const now = clock.now();
  const wish = parsePublishHeaders(headers, { callerIp: letter.settings.callerIp, now }).settings;
  const maxRetries = "upstash-retries" in headers ? wish.maxRetries : letter.settings.maxRetries;
  const message: Message = {
    messageId: newIdentifier("msg_"),
    url: letter.url,
    state: "pending",
    dueAt: now,
    retried: 0,
    queueName: letter.queueName,
    createdAt: now,
    notBefore: now,
    settings: { ...letter.settings, maxRetries },
    provenance: letter.provenance,
    body: letter.body,
  };
  store.messages.insert(message);
  recordEvent(context, message, { state: "CREATED" });
  store.deadLetters.remove(letter.dlqId);
  return { messageId: message.messageId };
}

function existingLetter({ store }: QueueContext, call: Call): DeadLetter {
  const id = call.parameter("dlqId");
  const letter = store.deadLetters.find(id);
  if (!letter) throw new Refusal(404, `dlq message ${id} not found`);
  return letter;
}

function selectLetters({ store }: QueueContext, call: Call): Page<DeadLetter> {
  const selection = parseSelection(call.query);
  return selectPage(store.deadLetters.before(selection.cursor), {
    count: selection.count,
    matches: (letter) =>
      selection.matches({
        ...letter,
        ...letter.provenance,
        time: letter.failedAt,
        callerIp: letter.settings.callerIp,
        labels: letter.settings.labels,
        flowControlKey: letter.settings.flowControl?.key,
        responseStatus: letter.response.status,
      }),
  });
}
