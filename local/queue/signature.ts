import { createHash, createHmac } from "node:crypto";
import { newIdentifier } from "./identifier.ts";

const SIGNATURE_SECONDS_VALID = 300;

/** The `Upstash-Signature` of one delivery: an HS256 JWT that names the URL and the hash of the exact body. */
export function signDelivery(delivery: { url: string; body: Uint8Array; signingKey: string }): string {
  // The signature uses the machine's clock, not the steered one, because the receiver checks it against its own.
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "Upstash",
    sub: delivery.url,
    exp: now + SIGNATURE_SECONDS_VALID,
    nbf: now,
    iat: now,
    jti: newIdentifier("jwt_"),
    body: createHash("sha256").update(delivery.body).digest("base64url"),
  };
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", delivery.signingKey).update(signed).digest("base64url")}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
