import { createHmac } from "node:crypto";
import type { Delivery, Signing } from "../simulator/delivery-table.ts";
import type { Dispatch } from "../simulator/webhook-sender.ts";
import type { Simulation } from "./simulation.ts";

const STALE_SECONDS = 60 * 60;

/** The webhook as Stripe sends it, or as a forger would. */
export function prepareWebhook(simulation: Simulation, delivery: Delivery): Dispatch | undefined {
  const endpoint = simulation.store.find("webhook_endpoint", delivery.endpoint_id);
  if (endpoint === undefined) return undefined;
  const { body, signing } = delivery;
  const signature = signatureHeader(body, { secret: endpoint.secret ?? "", signing });
  return {
    url: endpoint.url,
    body: signing === "altered_body" ? `${body} ` : body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      ...(signature === undefined ? {} : { "stripe-signature": signature }),
    },
  };
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
