import { z } from "zod";
import { AppError } from "#core/errors";
import { crc32 } from "#core/crc32";
import type { EpochMs } from "#core/time";
import { publicKeyOfCertificate } from "./certificate.ts";
import { fetchFromProvider, unavailable } from "./fetch.ts";
import { paypalApiUrl } from "./paypal.ts";

export type PaypalWebhookSettings = {
  webhookId: string;
  /** Base URL of the API; certificates are taken from its host only. */
  apiUrl: string | undefined;
};

export type SignedWebhook = { body: string; headers: Headers };

const Resource = z.looseObject({
  id: z.string().optional(),
  links: z.array(z.looseObject({ href: z.string(), rel: z.string() })).optional(),
  disputed_transactions: z.array(z.looseObject({ seller_transaction_id: z.string().optional() })).optional(),
  supplementary_data: z
    .looseObject({ related_ids: z.looseObject({ order_id: z.string().optional() }).optional() })
    .optional(),
});

export const PaypalEvent = z.looseObject({
  id: z.string().min(1).max(255),
  event_type: z.string().min(1).max(255),
  create_time: z.string(),
  resource_type: z.string().optional(),
  resource: Resource,
});
export type PaypalEvent = z.infer<typeof PaypalEvent>;

/**
 * The payment that an event is about: PayPal's order, or else the capture that was refunded or disputed. What the shop
 * wrote into the payment is not asked: whoever refunds in the dashboard may write something else.
 */
export function subjectOfPaypalEvent(event: PaypalEvent): {
  reference: string | undefined;
  captureId: string | undefined;
} {
  const { resource } = event;
  const isOrder = event.event_type.startsWith("CHECKOUT.ORDER.");
  const refunded = resource.links?.find(({ rel }) => rel === "up")?.href;
  return {
    reference: isOrder ? resource.id : resource.supplementary_data?.related_ids?.order_id,
    captureId:
      resource.disputed_transactions?.[0]?.seller_transaction_id ??
      /\/v2\/payments\/captures\/(?<id>[\w-]+)$/.exec(refunded ?? "")?.groups?.["id"],
  };
}

/** PayPal tries to deliver for three days; what was signed longer ago is somebody repeating it. */
const signedAgoMsMax = 4 * 24 * 60 * 60 * 1000;
const signedAheadMsMax = 5 * 60 * 1000;

/**
 * The event that PayPal signed for this webhook, or undefined when the signature does not match the raw body.
 * @throws AppError dependency_unavailable when the certificate cannot be had; PayPal then delivers again.
 */
export async function verifyPaypalEvent(
  settings: PaypalWebhookSettings,
  { body, headers }: SignedWebhook,
  now: EpochMs,
): Promise<PaypalEvent | undefined> {
  const signed = readSignature(headers);
  if (signed === undefined || !isRecent(signed.time, now)) return undefined;
  const trusted = trustedOrigins(settings.apiUrl ?? paypalApiUrl);
  const certificateUrl = trustedCertificateUrl(trusted, signed.certificateUrl);
  if (certificateUrl === undefined) return undefined;
  const message = [signed.id, signed.time, settings.webhookId, crc32(new TextEncoder().encode(body))].join(
    "|",
  );
  const key = await keyAt(certificateUrl, trusted);
  const isGenuine = await crypto.subtle.verify(
    algorithm,
    key,
    signed.signature,
    new TextEncoder().encode(message),
  );
  return isGenuine ? PaypalEvent.parse(JSON.parse(body)) : undefined;
}

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

const Signature = z.object({
  id: z.string(),
  time: z.string(),
  certificateUrl: z.url(),
  algorithm: z.literal("SHA256withRSA"),
  signature: z
    .base64()
    .transform((text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))),
});

function readSignature(headers: Headers): z.infer<typeof Signature> | undefined {
  return Signature.safeParse({
    id: headers.get("paypal-transmission-id"),
    time: headers.get("paypal-transmission-time"),
    certificateUrl: headers.get("paypal-cert-url"),
    algorithm: headers.get("paypal-auth-algo"),
    signature: headers.get("paypal-transmission-sig"),
  }).data;
}

function isRecent(time: string, now: EpochMs): boolean {
  const agoMs = now - Date.parse(time);
  return agoMs <= signedAgoMsMax && agoMs >= -signedAheadMsMax;
}

/** The API answers at api-m.paypal.com, while certificates are served from api.paypal.com. */
function trustedOrigins(apiUrl: string): string[] {
  const { origin } = new URL(apiUrl);
  return [origin, origin.replace("//api-m.", "//api.")];
}

/** Anybody can sign with a key of his own and name its address: only PayPal's own host is asked for the certificate. */
function trustedCertificateUrl(trusted: readonly string[], certificateUrl: string): string | undefined {
  const url = new URL(certificateUrl);
  const isTrusted = trusted.includes(url.origin) && url.pathname.startsWith("/v1/notifications/certs/");
  return isTrusted ? url.href : undefined;
}

const policy = { provider: "paypal", deadlineMs: 5_000, attemptsMax: 2 };
const keysMax = 8;
const keys = new Map<string, CryptoKey>();

/** PayPal's certificates never change under their address, so a key is fetched once per isolate. */
async function keyAt(certificateUrl: string, origins: readonly string[]): Promise<CryptoKey> {
  const known = keys.get(certificateUrl);
  if (known !== undefined) return known;
  const response = await fetchFromProvider(certificateUrl, {}, { ...policy, origins });
  if (!response.ok) {
    await response.body?.cancel();
    throw unavailable("paypal", new Error(`certificate: status ${response.status}`));
  }
  const key = await importKey(await response.text());
  if (keys.size >= keysMax) keys.clear();
  keys.set(certificateUrl, key);
  return key;
}

async function importKey(pem: string): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("spki", publicKeyOfCertificate(pem), algorithm, false, ["verify"]);
  } catch (cause) {
    throw new AppError("dependency_unavailable", {
      detail: "PayPal served something other than a certificate. Try again.",
      cause,
    });
  }
}
