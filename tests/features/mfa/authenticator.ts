import { createHmac } from "node:crypto";
import { z } from "zod";
import { request } from "../../stack.ts";
import { type SignedIn, registered } from "../auth/account.ts";

const NewAuthenticator = z.strictObject({ secret: z.string().regex(/^[A-Z2-7]{32}$/), otpauth_uri: z.url() });
export const RecoveryCodes = z.strictObject({ recovery_codes: z.array(z.string()).length(10) });

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an authenticator app shows so many steps from now. */
export function codeOf(secret: string, stepsFromNow = 0): string {
  const bits = Array.from(secret, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + stepsFromNow));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest.readUInt8(19) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export function enrol(token: string) {
  return request("/auth/mfa/totp", { method: "POST", token });
}

export function confirm(token: string, code: string) {
  return request("/auth/mfa/totp/confirm", { method: "POST", token, json: { code } });
}

/** A new customer with an authenticator app, whose present code is used up by the confirmation. */
export async function customerWithApp(session?: SignedIn) {
  const customer = session === undefined ? await registered() : { ...session, account: undefined };
  const { secret } = (await enrol(customer.access_token)).as(NewAuthenticator);
  const { recovery_codes: recoveryCodes } = (await confirm(customer.access_token, codeOf(secret))).as(
    RecoveryCodes,
  );
  return { ...customer, secret, recoveryCodes };
}

const MfaRequired = z.looseObject({
  status: z.literal(401),
  code: z.literal("mfa_required"),
  mfa_token: z.string(),
  methods: z.array(z.string()),
  expires_in: z.literal(300),
});

/** The token that a first factor gives. */
export function mfaTokenOf(body: unknown): string {
  return MfaRequired.parse(body).mfa_token;
}

export function verify(proof: object) {
  return request("/auth/mfa/verify", { method: "POST", json: proof });
}
