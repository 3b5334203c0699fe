import type { Clock } from "./clock.ts";
import type { Attempt, Delivery, DeliveryTable } from "./delivery-table.ts";

const DELIVERIES_AT_ONCE_MAX = 16;
const ATTEMPT_TIMEOUT_MS = 10_000;
const BACKOFF_FIRST_MS = 5_000;
const BACKOFF_FACTOR = 3;
const BACKOFF_MS_MAX = 6 * 60 * 60 * 1000;
const SLEEP_MS_MAX = 60 * 60 * 1000;
const RESPONSE_BODY_LENGTH_MAX = 2_000;

export type WebhookSender = {
  /** Sends what is due; to be called after anything that may have queued a webhook or moved the clock. */
  poke: () => void;
  /** Waits for the attempts that are under way; what is still undelivered is sent after the next start. */
  stop: () => Promise<void>;
};

/** What goes over the wire, signed in the provider's way as the delivery wants it. */
export type Dispatch = { url: string; headers: Record<string, string>; body: string };

type Post = { clock: Clock; deliveries: DeliveryTable };

type SenderSettings = {
  backoffScale: number;
  log: (line: string) => void;
  /** Asked anew for every attempt; nothing when the endpoint is gone. */
  prepare: (delivery: Delivery) => Dispatch | undefined;
};

/** Delivers at least once: an attempt whose outcome was not recorded is made again. */
export function createWebhookSender(post: Post, settings: SenderSettings): WebhookSender {
  const { clock, deliveries } = post;
  const underWay = new Map<string, Promise<void>>();
  let alarm: NodeJS.Timeout | undefined;
  let isStopped = false;

  const attempt = async (delivery: Delivery) => {
    try {
      const outcome = await send(settings.prepare(delivery));
      const nowMs = clock.nowMs();
      const { backoffScale } = settings;
      deliveries.recordAttempt(delivery.id, afterAttempt(delivery, { outcome, nowMs, backoffScale }));
    } catch (fault) {
      settings.log(`Webhook ${delivery.id} could not be recorded: ${String(fault)}`);
    } finally {
      underWay.delete(delivery.id);
    }
    poke();
  };

  const poke = () => {
    clearTimeout(alarm);
    if (isStopped) return;
    const waiting = deliveries
      .pending(DELIVERIES_AT_ONCE_MAX + underWay.size)
      .filter(({ id }) => !underWay.has(id));
    const nowMs = clock.nowMs();
    for (const delivery of waiting) {
      if (delivery.due_at_ms > nowMs) {
        alarm = setTimeout(poke, Math.min(delivery.due_at_ms - nowMs, SLEEP_MS_MAX));
        return;
      }
      if (underWay.size >= DELIVERIES_AT_ONCE_MAX) return;
      underWay.set(delivery.id, attempt(delivery));
    }
  };

  return {
    poke,
    stop: async () => {
      isStopped = true;
      clearTimeout(alarm);
      await Promise.all(underWay.values());
    },
  };
}

type Outcome = { status: number | null; text: string };

async function send(dispatch: Dispatch | undefined): Promise<Outcome> {
  if (dispatch === undefined) return { status: null, text: "The endpoint no longer exists." };
  try {
    const response = await fetch(dispatch.url, {
      method: "POST",
      body: dispatch.body,
      headers: dispatch.headers,
      redirect: "manual",
      signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, text: text.slice(0, RESPONSE_BODY_LENGTH_MAX) };
  } catch (fault) {
    return { status: null, text: fault instanceof Error ? fault.message : String(fault) };
  }
}

function afterAttempt(
  delivery: Delivery,
  { outcome, nowMs, backoffScale }: { outcome: Outcome; nowMs: number; backoffScale: number },
): Attempt {
  const isAccepted = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
  const backoffMs =
    Math.min(BACKOFF_FIRST_MS * BACKOFF_FACTOR ** delivery.attempts, BACKOFF_MS_MAX) * backoffScale;
  const dueAtMs = Math.ceil(nowMs + backoffMs);
  const givesUp = delivery.kind === "forged" || dueAtMs > delivery.give_up_at_ms;
  return {
    status: isAccepted ? "delivered" : givesUp ? "failed" : "pending",
    due_at_ms: dueAtMs,
    response_status: outcome.status,
    response_body: outcome.text,
  };
}
