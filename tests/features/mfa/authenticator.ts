import { z } from "zod";
import { codeOf } from "../../authenticator-app.ts";
import { request } from "../../stack.ts";
import { type SignedIn, registered } from "../auth/account.ts";

const NewAuthenticator = z.strictObject({ secret: z.string().regex(/^[A-Z2-7]{32}$/), otpauth_uri: z.url() });
export const RecoveryCodes = z.strictObject({ recovery_codes: z.array(z.string()).length(10) });

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
