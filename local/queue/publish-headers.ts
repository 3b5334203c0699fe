import { z } from "zod";
import { parseDurationMs } from "./duration.ts";
import type { DeliverySettings, FlowControlWish, HeaderMap } from "./message.ts";
import { Refusal } from "./refusal.ts";
import { evaluateRetryExpression, InvalidRetryExpression } from "./retry-expression.ts";

const RETRIES_DEFAULT = "3";
const RETRIES_MAX = 100;
const FORWARD_PREFIX = "upstash-forward-";

/** Headers that belong to one connection, or that the delivery sets itself. */
const NEVER_FORWARDED = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const HttpUrl = z.url({ protocol: /^https?$/ });
const WholeNumber = z.string().regex(/^\d+$/).transform(Number);

const Duration = z.string().transform((text, context) => {
  const durationMs = parseDurationMs(text);
  if (durationMs !== undefined) return durationMs;
  context.addIssue({ code: "custom", message: "it is no duration such as 30s or 1h30m" });
  return z.NEVER;
});

const RetryExpression = z.string().transform((source, context) => {
  try {
    evaluateRetryExpression(source, 0);
    return source;
  } catch (fault) {
    if (!(fault instanceof InvalidRetryExpression)) throw fault;
    context.addIssue({ code: "custom", message: fault.message });
    return z.NEVER;
  }
});

const FlowControlValue = z.string().transform((text, context) => {
  const limits = new Map(
    text.split(",").map((pair) => {
      const [name = "", value = ""] = pair.split("=");
      return [name.trim(), value.trim()];
    }),
  );
  const result = FlowControlLimits.safeParse(Object.fromEntries(limits));
  if (result.success) return result.data;
  context.addIssue({ code: "custom", message: "it is not parallelism=…, rate=…, period=…" });
  return z.NEVER;
});

const FlowControlLimits = z.strictObject({
  parallelism: WholeNumber.optional(),
  rate: WholeNumber.optional(),
  period: Duration.optional(),
});

const PublishHeaders = z.object({
  "upstash-method": z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("POST"),
  "upstash-retries": WholeNumber.pipe(z.number().max(RETRIES_MAX)).prefault(RETRIES_DEFAULT),
  "upstash-retry-delay": RetryExpression.optional(),
  "upstash-timeout": Duration.optional(),
  "upstash-delay": Duration.optional(),
  "upstash-not-before": WholeNumber.optional(),
  "upstash-callback": HttpUrl.optional(),
  "upstash-failure-callback": HttpUrl.optional(),
  "upstash-label": z.string().optional(),
  "upstash-flow-control-key": z.string().min(1).optional(),
  "upstash-flow-control-value": FlowControlValue.optional(),
  "upstash-deduplication-id": z.string().min(1).optional(),
  "upstash-content-based-deduplication": z.enum(["true", "false"]).default("false"),
});
type PublishHeaders = z.infer<typeof PublishHeaders>;

type Deduplication = { by: "nothing" } | { by: "content" } | { by: "id"; id: string };

export type PublishInstructions = {
  settings: DeliverySettings;
  notBefore: number;
  deduplication: Deduplication;
};

/** Reads the `Upstash-*` headers of a publish. Throws a 400 refusal that names the first bad one. */
export function parsePublishHeaders(
  headers: HeaderMap,
  publisher: { callerIp: string; now: number },
): PublishInstructions {
  const result = PublishHeaders.safeParse(headers);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Refusal(400, `invalid header ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const known = result.data;
  return {
    settings: {
      method: known["upstash-method"],
      header: forwardedHeaders(headers),
      maxRetries: known["upstash-retries"],
      retryDelayExpression: known["upstash-retry-delay"],
      timeoutMs: known["upstash-timeout"],
      callback: known["upstash-callback"],
      failureCallback: known["upstash-failure-callback"],
      callbackHeaders: headersUnder("upstash-callback-", headers),
      failureCallbackHeaders: headersUnder("upstash-failure-callback-", headers),
      flowControl: flowControlWish(known),
      labels: known["upstash-label"]?.split(",").map((label) => label.trim()) ?? [],
      callerIp: publisher.callerIp,
    },
    notBefore: notBefore(known, publisher.now),
    deduplication: deduplication(known),
  };
}

function notBefore(known: PublishHeaders, now: number): number {
  const seconds = known["upstash-not-before"];
  return seconds === undefined ? now + (known["upstash-delay"] ?? 0) : seconds * 1000;
}

function deduplication(known: PublishHeaders): Deduplication {
  const id = known["upstash-deduplication-id"];
  if (id !== undefined) return { by: "id", id };
  return { by: known["upstash-content-based-deduplication"] === "true" ? "content" : "nothing" };
}

function flowControlWish(known: PublishHeaders): FlowControlWish | undefined {
  const key = known["upstash-flow-control-key"];
  if (key === undefined) return undefined;
  const value = known["upstash-flow-control-value"];
  const periodSeconds = value?.period === undefined ? undefined : Math.ceil(value.period / 1000);
  return { key, parallelism: value?.parallelism, rate: value?.rate, periodSeconds };
}

function forwardedHeaders(headers: HeaderMap): Record<string, string[]> {
  const forwarded: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headersUnder(FORWARD_PREFIX, headers))) {
    if (!NEVER_FORWARDED.has(name)) forwarded[wireName(name)] = [value];
  }
  const contentType = headers["content-type"];
  if (contentType !== undefined) forwarded["Content-Type"] = [contentType];
  return forwarded;
}

function headersUnder(prefix: string, headers: HeaderMap): HeaderMap {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** `content-type` → `Content-Type`, the form in which QStash shows header names. */
export function wireName(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)([a-z])/g, (match) => match.toUpperCase());
}
