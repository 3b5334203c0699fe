import { createSign, createVerify, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { Delivery } from "../simulator/delivery-table.ts";
import { readSetting, writeSetting } from "../simulator/settings.ts";
import type { Dispatch } from "../simulator/webhook-sender.ts";
import { createSigningKey, type SigningKey } from "./certificate.ts";
import { unknownResource } from "./failure.ts";
import { newId } from "./ids.ts";
import { parseBody } from "./parameters.ts";
import { answer, type Call, type Reply, type Simulation } from "./simulation.ts";

/** Older than the three days for which PayPal tries to deliver. */
const STALE_MS = 30 * 24 * 60 * 60 * 1000;
const CERTIFICATES_PATH = "/v1/notifications/certs";

const SIGNING_KEY_SETTING = "signing_key";
const Key = z.object({ id: z.string(), privateKeyPem: z.string(), certificatePem: z.string() });

/** Made once and kept, so that webhooks sent before a restart still verify after it. */
function signingKey({ database }: Simulation): SigningKey {
  const kept = readSetting(database, SIGNING_KEY_SETTING, Key);
  if (kept !== undefined) return kept;
  const made = createSigningKey(`CERT-${newId()}`, "messageverificationcerts.simulator");
  writeSetting(database, SIGNING_KEY_SETTING, made);
  return made;
}

/** The webhook as PayPal sends it, or as a forger would. */
export function prepareWebhook(
  simulation: Simulation,
  delivery: Delivery,
  origin: string,
): Dispatch | undefined {
  const webhook = simulation.store.find("webhook", delivery.endpoint_id);
  if (webhook === undefined) return undefined;
  const { body, signing } = delivery;
  return {
    url: webhook.url,
    body: signing === "altered_body" ? `${body} ` : body,
    headers: {
      "content-type": "application/json",
      "user-agent": "PayPal/AUHD-1.0-1",
      ...(signing === "missing"
        ? {}
        : signatureHeaders(simulation, { delivery, webhookId: webhook.id, origin })),
    },
  };
}

type Signed = { delivery: Delivery; webhookId: string; origin: string };

/** Signed with the real time, not the advanced clock, since receivers compare it with theirs. */
function signatureHeaders(
  simulation: Simulation,
  { delivery, webhookId, origin }: Signed,
): Record<string, string> {
  const own = signingKey(simulation);
  const isForged = delivery.signing === "wrong_secret";
  const key = isForged ? createSigningKey("CERT-OF-A-FORGER", "forger") : own;
  const ageMs = delivery.signing === "stale_timestamp" ? STALE_MS : 0;
  const id = randomUUID();
  const time = new Date(Date.now() - ageMs).toISOString().replace(/\.\d+Z$/, "Z");
  const message = signedMessage({ id, time, webhookId, body: delivery.body });
  return {
    "paypal-transmission-id": id,
    "paypal-transmission-time": time,
    "paypal-transmission-sig": createSign("sha256").update(message).sign(key.privateKeyPem, "base64"),
    "paypal-cert-url": `${origin}${CERTIFICATES_PATH}/${own.id}`,
    "paypal-auth-algo": "SHA256withRSA",
  };
}

type Message = { id: string; time: string; webhookId: string; body: string };

function signedMessage({ id, time, webhookId, body }: Message): string {
  return [id, time, webhookId, crc32(body)].join("|");
}

/** The certificate as text, for whoever verifies by himself. */
export function certificateAt(simulation: Simulation, path: string): string | undefined {
  const { id, certificatePem } = signingKey(simulation);
  return path === `${CERTIFICATES_PATH}/${id}` ? certificatePem : undefined;
}

const Verification = z.looseObject({
  auth_algo: z.string().max(100),
  cert_url: z.url().max(500),
  transmission_id: z.string().max(50),
  transmission_sig: z.string().max(500),
  transmission_time: z.string().max(100),
  webhook_id: z.string().max(50),
  webhook_event: z.record(z.string(), z.unknown()),
});

/** PayPal signs the event as it was sent; here it comes parsed, so its text is what JSON.stringify makes of it. */
export function verifySignature(simulation: Simulation, call: Call): Reply {
  const given = parseBody(Verification, call.body);
  if (simulation.store.find("webhook", given.webhook_id) === undefined) throw unknownResource();
  const message = signedMessage({
    id: given.transmission_id,
    time: given.transmission_time,
    webhookId: given.webhook_id,
    body: JSON.stringify(given.webhook_event),
  });
  const certificate = certificateAt(simulation, new URL(given.cert_url).pathname);
  const isGenuine =
    certificate !== undefined &&
    createVerify("sha256").update(message).verify(certificate, given.transmission_sig, "base64");
  return answer(200, { verification_status: isGenuine ? "SUCCESS" : "FAILURE" });
}
