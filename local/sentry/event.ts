import { z } from "zod";

/** The last second that a date can hold. */
const SECONDS_MAX = 8.64e12;

const Exception = z.object({ type: z.string().nullish(), value: z.string().nullish() });

/** The parts of Sentry's event payload that a reader wants; loose, so that the original is kept whole. */
export const EventPayload = z.looseObject({
  event_id: z.string(),
  timestamp: z
    .union([z.number().nonnegative().max(SECONDS_MAX), z.iso.datetime({ offset: true, local: true })])
    .optional(),
  level: z.string().optional(),
  message: z.string().nullish(),
  logentry: z.object({ formatted: z.string().optional(), message: z.string().optional() }).nullish(),
  exception: z.object({ values: z.array(z.looseObject(Exception.shape)) }).nullish(),
  tags: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullish(),
  release: z.string().nullish(),
  environment: z.string().nullish(),
  request: z.looseObject({ method: z.string().optional(), url: z.string().optional() }).nullish(),
});

/** An event as it was sent, with where and when it came in. */
export const StoredEvent = z.object({
  project_id: z.string(),
  received_at: z.iso.datetime(),
  payload: EventPayload,
});
export type StoredEvent = z.infer<typeof StoredEvent>;

/** An event in short. `exception` is what was thrown; `causes` follow from the nearest to the root. */
export function summarize({ project_id, received_at, payload }: StoredEvent) {
  // Sentry puts the root cause first and what was thrown last.
  const [exception = null, ...causes] = (payload.exception?.values ?? [])
    .map(({ type, value }) => ({ type: type ?? "Error", value: value ?? "" }))
    .reverse();
  return {
    event_id: payload.event_id,
    project_id,
    occurred_at: occurredAt(payload.timestamp) ?? received_at,
    level: payload.level ?? "error",
    message: payload.message ?? payload.logentry?.formatted ?? payload.logentry?.message ?? null,
    exception,
    causes,
    tags: payload.tags ?? {},
    release: payload.release ?? null,
    environment: payload.environment ?? null,
    request: payload.request ?? null,
  };
}
export type EventSummary = ReturnType<typeof summarize>;

/** Sentry's clients send seconds with a fraction, or text. */
function occurredAt(timestamp: number | string | undefined): string | undefined {
  if (timestamp === undefined) return undefined;
  return new Date(typeof timestamp === "number" ? timestamp * 1000 : timestamp).toISOString();
}
