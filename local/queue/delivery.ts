import type { Message } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";
import { signDelivery } from "./signature.ts";

const TIMEOUT_MS_DEFAULT = 15 * 60_000;
const TIMEOUT_MS_MAX = 2 * 3_600_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
const BODILESS_METHODS = new Set(["GET", "HEAD"]);

/** What came of one delivery. */
export type Attempt =
  | { kind: "answered"; status: number; headers: Headers; body: Uint8Array }
  | { kind: "unanswered"; reason: string };

/** Delivers once, as the faults in force say. Throws only when `stopping` aborts it: then nothing is known. */
export async function deliver(
  context: QueueContext,
  message: Message,
  stopping: AbortSignal,
): Promise<Attempt> {
  const { faults } = context;
  await faults.holdBack(message, stopping);
  const attempt = await callDestination(context, message, stopping);
  if (faults.duplicates()) await callDestination(context, message, stopping);
  if (faults.dropsAcknowledgement()) {
    return { kind: "unanswered", reason: "the answer was lost (a fault of the simulator)" };
  }
  return attempt;
}

async function callDestination(
  context: QueueContext,
  message: Message,
  stopping: AbortSignal,
): Promise<Attempt> {
  const { method } = message.settings;
  const timeoutMs = Math.min(TIMEOUT_MS_MAX, message.settings.timeoutMs ?? TIMEOUT_MS_DEFAULT);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(message.url, {
      method,
      headers: deliveryHeaders(context, message),
      body: BODILESS_METHODS.has(method) ? null : Buffer.from(message.body),
      // A redirect is an answer like any other that is not 2xx: QStash does not follow it.
      redirect: "manual",
      signal: AbortSignal.any([timeout, stopping]),
    });
    const body = await readAnswer(answer);
    return { kind: "answered", status: answer.status, headers: answer.headers, body };
  } catch (fault) {
    stopping.throwIfAborted();
    const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(fault);
    return { kind: "unanswered", reason };
  }
}

function deliveryHeaders({ store }: QueueContext, message: Message): Headers {
  const { settings, provenance } = message;
  const headers = new Headers();
  for (const [name, values] of Object.entries(settings.header)) {
    for (const value of values) headers.append(name, value);
  }
  headers.set("user-agent", "Upstash-QStash");
  headers.set("upstash-message-id", message.messageId);
  headers.set("upstash-retried", String(message.retried));
  headers.set("upstash-caller-ip", settings.callerIp);
  headers.set("upstash-region", "us-east-1");
  if (provenance.topicName !== undefined) headers.set("upstash-topic-name", provenance.topicName);
  if (provenance.scheduleId !== undefined) headers.set("upstash-schedule-id", provenance.scheduleId);
  if (message.queueName !== undefined) headers.set("upstash-queue-name", message.queueName);
  const body = BODILESS_METHODS.has(settings.method) ? new Uint8Array() : message.body;
  const signingKey = store.signingKeys.read().current;
  headers.set("upstash-signature", signDelivery({ url: message.url, body, signingKey }));
  return headers;
}

/** The beginning of the answer; what is beyond the limit is left unread. */
async function readAnswer(answer: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX);
}

function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  return fault.cause instanceof Error ? fault.cause.message : fault.message;
}
