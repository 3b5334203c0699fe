import type { Attempt } from "./delivery.ts";
import type { LastResponse } from "./dead-letter-store.ts";
import { recordEvent } from "./history.ts";
import type { HeaderMap, Message } from "./message.ts";
import { publish } from "./publish.ts";
import { wireName } from "./publish-headers.ts";
import type { QueueContext } from "./queue-context.ts";
import { retryWaitMs } from "./retry-wait.ts";

const NON_RETRYABLE_STATUS = 489;

/**
 * Draws the conclusion from one delivery: delivered, to be retried, or a dead letter; and publishes the callbacks
 * that follow from it. Runs inside the caller's transaction, so that a crash leaves either none of it or all.
 */
export function settle(context: QueueContext, message: Message, attempt: Attempt): void {
  const { store } = context;
  // A message that was cancelled while it was under way is not there any more.
  if (!store.messages.find(message.messageId)) return;
  const response = lastResponse(attempt);

  if (attempt.kind === "answered" && message.settings.callback !== undefined) {
    publishCallback(context, message, {
      url: message.settings.callback,
      headers: message.settings.callbackHeaders,
      report: report(message, response),
    });
  }
  if (attempt.kind === "answered" && attempt.status >= 200 && attempt.status < 300) {
    store.messages.remove(message.messageId);
    recordEvent(context, message, { state: "DELIVERED", responseStatus: response.status });
    return;
  }
  recordEvent(context, message, {
    state: "ERROR",
    error: attempt.kind === "answered" ? `HTTP ${attempt.status}` : attempt.reason,
    responseStatus: response.status,
    responseBody: base64(response.body),
    responseHeaders: response.header,
  });
  if (isFinal(message, attempt)) bury(context, message, response);
  else retryLater(context, message, attempt);
}

function isFinal(message: Message, attempt: Attempt): boolean {
  const refusedForGood =
    attempt.kind === "answered" &&
    attempt.status === NON_RETRYABLE_STATUS &&
    attempt.headers.get("upstash-nonretryable-error") === "true";
  return refusedForGood || message.retried >= message.settings.maxRetries;
}

function retryLater(context: QueueContext, message: Message, attempt: Attempt): void {
  const now = context.clock.now();
  const waitMs = retryWaitMs({
    retried: message.retried,
    retryDelayExpression: message.settings.retryDelayExpression,
    answerHeaders: attempt.kind === "answered" ? attempt.headers : undefined,
    now,
  });
  const dueAt = now + Math.round(waitMs * context.retryDelayScale);
  context.store.messages.reschedule(message.messageId, { dueAt, retried: message.retried + 1 });
  recordEvent(context, message, { state: "RETRY", nextDeliveryTime: dueAt });
}

function bury(context: QueueContext, message: Message, response: LastResponse): void {
  const { store, clock } = context;
  const dlqId = store.deadLetters.add(message, { at: clock.now(), response });
  store.messages.remove(message.messageId);
  recordEvent(context, message, { state: "FAILED", responseStatus: response.status });
  if (message.settings.failureCallback === undefined) return;
  publishCallback(context, message, {
    url: message.settings.failureCallback,
    headers: message.settings.failureCallbackHeaders,
    report: { ...report(message, response), dlqId },
  });
}

type Callback = { url: string; headers: HeaderMap; report: object };

/** A callback is a message of its own. Unless its headers say otherwise it takes the retries of the original. */
function publishCallback(context: QueueContext, message: Message, callback: Callback): void {
  const headers: HeaderMap = { "upstash-retries": String(message.settings.maxRetries) };
  for (const [name, [value]] of Object.entries(message.settings.header)) {
    if (value !== undefined) headers[`upstash-forward-${name.toLowerCase()}`] = value;
  }
  for (const [name, value] of Object.entries(callback.headers)) headers[`upstash-${name}`] = value;
  headers["content-type"] = "application/json";
  publish(context, {
    destination: callback.url,
    headers,
    body: Buffer.from(JSON.stringify(callback.report)),
    callerIp: message.settings.callerIp,
    queueName: undefined,
  });
}

function report(message: Message, response: LastResponse) {
  return {
    status: response.status,
    header: response.header,
    body: base64(response.body),
    retried: message.retried,
    maxRetries: message.settings.maxRetries,
    sourceMessageId: message.messageId,
    ...message.provenance,
    url: message.url,
    method: message.settings.method,
    sourceHeader: message.settings.header,
    sourceBody: base64(message.body),
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    callerIP: message.settings.callerIp,
  };
}

function lastResponse(attempt: Attempt): LastResponse {
  if (attempt.kind === "unanswered") return { status: 0, header: {}, body: Buffer.from(attempt.reason) };
  const header = [...attempt.headers].map(([name, value]) => [wireName(name), [value]]);
  return { status: attempt.status, header: Object.fromEntries(header), body: attempt.body };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
