import type { DeadLetter } from "./dead-letter-store.ts";
import type { DeliverySettings, Envelope } from "./message.ts";

/** A message in the form of QStash's API. */
export function wireMessage(message: Envelope) {
  return {
    messageId: message.messageId,
    url: message.url,
    ...message.provenance,
    queueName: message.queueName,
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    ...wireSettings(message.settings),
    ...wireBody("body", message.body),
  };
}

export function wireDeadLetter(letter: DeadLetter) {
  return {
    ...wireMessage(letter),
    dlqId: letter.dlqId,
    responseStatus: letter.response.status,
    responseHeader: letter.response.header,
    ...wireBody("responseBody", letter.response.body),
  };
}

export function wireSettings(settings: DeliverySettings) {
  const [label] = settings.labels;
  return {
    method: settings.method,
    header: settings.header,
    maxRetries: settings.maxRetries,
    retryDelayExpression: settings.retryDelayExpression,
    timeout: settings.timeoutMs,
    callback: settings.callback,
    failureCallback: settings.failureCallback,
    flowControlKey: settings.flowControl?.key,
    parallelism: settings.flowControl?.parallelism,
    rate: settings.flowControl?.rate,
    period: settings.flowControl?.periodSeconds,
    // The published description says callerIP, the client's types say callerIp.
    callerIP: settings.callerIp,
    callerIp: settings.callerIp,
    ...(label !== undefined && { label, labels: settings.labels }),
  };
}

/** Text as it is, anything else in base64 under a name of its own; nothing for an empty body. */
export function wireBody(name: string, body: Uint8Array): Record<string, string> {
  if (body.length === 0) return {};
  const bytes = Buffer.from(body);
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(bytes);
  return isText ? { [name]: text } : { [`${name}Base64`]: bytes.toString("base64") };
}
