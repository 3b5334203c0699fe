import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { readSetting, writeSetting } from "../simulator/settings.ts";
import { PaypalFailure } from "./failure.ts";
import type { Simulation } from "./simulation.ts";

export type ClientCredentials = { clientId: string; clientSecret: string };

/** Nine hours of real time, not of the advanced clock, since clients count it with theirs. */
const TOKEN_VALID_SECONDS = 9 * 60 * 60;
const SCOPE =
  "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/applications/webhooks";

const REVOKED_SETTING = "tokens_revoked_at_ms";
const TOKEN = /^A21AA(?<issuedAtMs>\d+)\.(?<signature>[\w-]+)$/;

export type TokenAnswer = { status: number; body: object };

/** `POST /v1/oauth2/token`, in OAuth's own form of errors. */
export function issueToken(
  simulation: Simulation,
  credentials: ClientCredentials,
  request: { authorization: string | undefined; body: string },
): TokenAnswer {
  const { clientId, clientSecret } = credentials;
  const expected = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
  if (request.authorization !== `Basic ${expected}`) {
    return {
      status: 401,
      body: { error: "invalid_client", error_description: "Client Authentication failed" },
    };
  }
  if (new URLSearchParams(request.body).get("grant_type") !== "client_credentials") {
    return {
      status: 400,
      body: { error: "unsupported_grant_type", error_description: "Grant Type is not supported" },
    };
  }
  // Never before the last revocation, even within one millisecond.
  const issuedAtMs = Math.max(Date.now(), revokedAtMs(simulation) + 1);
  return {
    status: 200,
    body: {
      scope: SCOPE,
      access_token: `A21AA${issuedAtMs}.${signatureOf(issuedAtMs, clientSecret)}`,
      token_type: "Bearer",
      app_id: "APP-SIMULATOR",
      expires_in: TOKEN_VALID_SECONDS,
      nonce: new Date(issuedAtMs).toISOString(),
    },
  };
}

/** Throws unless the token was issued here and is still good. */
export function requireToken(
  simulation: Simulation,
  { clientSecret }: ClientCredentials,
  authorization: string | undefined,
): void {
  const groups = TOKEN.exec(authorization?.replace(/^Bearer /, "") ?? "")?.groups;
  const issuedAtMs = Number(groups?.["issuedAtMs"]);
  const isGenuine =
    groups !== undefined && isSame(groups["signature"] ?? "", signatureOf(issuedAtMs, clientSecret));
  const ageMs = Date.now() - issuedAtMs;
  if (isGenuine && ageMs < TOKEN_VALID_SECONDS * 1000 && issuedAtMs > revokedAtMs(simulation)) return;
  throw new PaypalFailure(401, {
    name: "AUTHENTICATION_FAILURE",
    message:
      "Authentication failed due to missing authorization header, or invalid authentication credentials.",
  });
}

/** All tokens issued so far are good for nothing any more. */
export function revokeTokens({ database }: Simulation): void {
  writeSetting(database, REVOKED_SETTING, Date.now());
}

function revokedAtMs({ database }: Simulation): number {
  return readSetting(database, REVOKED_SETTING, z.number()) ?? 0;
}

function signatureOf(issuedAtMs: number, clientSecret: string): string {
  return createHmac("sha256", clientSecret).update(String(issuedAtMs)).digest("base64url");
}

function isSame(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}
