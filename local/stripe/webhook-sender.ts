import { createHmac } from "node:crypto";
import type { Attempt, Delivery, Signing } from "./delivery-table.ts";
import type { Simulation } from "./simulation.ts";

const DELIVERIES_AT_ONCE_MAX = 16;
const ATTEMPT_TIMEOUT_MS = 10_000;
const BACKOFF_FIRST_MS = 5_000;
const BACKOFF_FACTOR = 3;
const BACKOFF_MS_MAX = 6 * 60 * 60 * 1000;
const SLEEP_MS_MAX = 60 * 60 * 1000;
const RESPONSE_BODY_LENGTH_MAX = 2_000;
const STALE_SECONDS = 60 * 60;

export type WebhookSender = {
  /** Sends what is due; to be called after anything that may have queued a webhook or moved the clock. */
  poke: () => void;
  /** Waits for the attempts that are under way; what is still undelivered is sent after the next start. */
  stop: () => Promise<void>;
};

/** Delivers at least once: an attempt whose outcome was not recorded is made again. */
export function createWebhookSender(
  simulation: Simulation,
  settings: { backoffScale: number; log: (line: string) => void },
): WebhookSender {
  const underWay = new Map<string, Promise<void>>();
  let alarm: NodeJS.Timeout | undefined;
  let isStopped = false;

  const attempt = async (delivery: Delivery) => {
    try {
      const outcome = await send(simulation, delivery);
      simulation.deliveries.recordAttempt(
        delivery.id,
        afterAttempt(simulation, delivery, { outcome, ...settings }),
      );
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
    const waiting = simulation.deliveries
      .pending(DELIVERIES_AT_ONCE_MAX + underWay.size)
      .filter(({ id }) => !underWay.has(id));
    const nowMs = simulation.clock.nowMs();
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

async function send(simulation: Simulation, delivery: Delivery): Promise<Outcome> {
  const endpoint = simulation.store.find("webhook_endpoint", delivery.endpoint_id);
  if (endpoint === undefined) return { status: null, text: "The endpoint no longer exists." };
  const signature = signatureHeader(delivery.body, {
    secret: endpoint.secret ?? "",
    signing: delivery.signing,
  });
  const body = delivery.signing === "altered_body" ? `${delivery.body} ` : delivery.body;
  try {
    const response = await fetch(endpoint.url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        ...(signature === undefined ? {} : { "stripe-signature": signature }),
      },
      redirect: "manual",
      signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, text: text.slice(0, RESPONSE_BODY_LENGTH_MAX) };
  } catch (fault) {
    return { status: null, text: fault instanceof Error ? fault.message : String(fault) };
  }
}

/** Signed with the real time, not the advanced clock, since receivers compare it with theirs. */
function signatureHeader(
  body: string,
  { secret, signing }: { secret: string; signing: Signing },
): string | undefined {
  if (signing === "missing") return undefined;
  const ageSeconds = signing === "stale_timestamp" ? STALE_SECONDS : 0;
  const timestamp = Math.floor(Date.now() / 1000) - ageSeconds;
  const key = signing === "wrong_secret" ? `${secret}_of_a_forger` : secret;
  const signature = createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex");
  return `t=${timestamp},v1=${signature}`;
}

function afterAttempt(
  simulation: Simulation,
  delivery: Delivery,
  { outcome, backoffScale }: { outcome: Outcome; backoffScale: number },
): Attempt {
  const nowMs = simulation.clock.nowMs();
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
