import { z } from "zod";

/** Header names in lower case, each with one value. */
export type HeaderMap = Record<string, string>;

export const FlowControlWish = z.object({
  key: z.string(),
  parallelism: z.number().optional(),
  rate: z.number().optional(),
  periodSeconds: z.number().optional(),
});
export type FlowControlWish = z.infer<typeof FlowControlWish>;

/** How a message is to be delivered: what the publisher's headers say, the same for every way of publishing. */
export const DeliverySettings = z.object({
  method: z.string(),
  /** Headers for the destination, in the wire's form: each name with a list of values. */
  header: z.record(z.string(), z.array(z.string())),
  maxRetries: z.number(),
  retryDelayExpression: z.string().optional(),
  timeoutMs: z.number().optional(),
  callback: z.string().optional(),
  failureCallback: z.string().optional(),
  /** Settings of the callback itself, their names without the `Upstash-Callback-` prefix. */
  callbackHeaders: z.record(z.string(), z.string()),
  failureCallbackHeaders: z.record(z.string(), z.string()),
  flowControl: FlowControlWish.optional(),
  labels: z.array(z.string()),
  callerIp: z.string(),
});
export type DeliverySettings = z.infer<typeof DeliverySettings>;

/** Where a message came from when it was not published straight to a URL. */
export const Provenance = z.object({
  topicName: z.string().optional(),
  endpointName: z.string().optional(),
  scheduleId: z.string().optional(),
});
export type Provenance = z.infer<typeof Provenance>;

/** What every message carries from publish to the end, in the dead letters too. */
export type Envelope = {
  messageId: string;
  url: string;
  queueName: string | undefined;
  createdAt: number;
  notBefore: number;
  settings: DeliverySettings;
  provenance: Provenance;
  body: Uint8Array;
};

type MessageState = "pending" | "active";

/** A message that is not finished yet. */
export type Message = Envelope & {
  state: MessageState;
  dueAt: number;
  /** Retries made so far. */
  retried: number;
};
