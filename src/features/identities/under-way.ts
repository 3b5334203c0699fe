import { z } from "zod";
import { toBase64Url } from "#core/base64url";
import { AppError } from "#core/errors";
import { idSchema } from "#core/ids";
import { epochMs } from "#core/time";
import type { Context } from "#platform/context";
import type { OneTime } from "#platform/one-time";
import type { SignInProvider } from "#providers/sign-in-provider";
import { identityLimits } from "./rules.ts";

const Journey = z.object({
  provider: z.string(),
  /** One of the shop's pages. */
  returnUrl: z.string(),
  /** SHA-256, base64url, of a secret that only the page that began has. */
  codeChallenge: z.string(),
  /** The account that the identity shall be linked to; null for a sign-in. */
  linkTo: idSchema("user").nullable(),
});

/** A link that was asked for with an access token; the browser, which cannot send one, begins it with this. */
export const linkRequests: OneTime<typeof Journey> = {
  name: "identity-link",
  schema: Journey,
  lifeSeconds: identityLimits.attemptSeconds,
};

const Attempt = Journey.extend({ nonce: z.string(), codeVerifier: z.string(), browserHash: z.string() });

/** A browser that was sent to a provider, under the `state`. */
export const attempts: OneTime<typeof Attempt> = {
  name: "identity-attempt",
  schema: Attempt,
  lifeSeconds: identityLimits.attemptSeconds,
};

const Arrival = Journey.omit({ returnUrl: true }).extend({
  subject: z.string(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  name: z.string().nullable(),
  authenticatedAt: z
    .number()
    .transform((ms) => epochMs(ms))
    .optional(),
});
export type Arrival = z.infer<typeof Arrival>;

/** An identity that came back from a provider, under the code that the shop's page is led back with. */
export const arrivals: OneTime<typeof Arrival> = {
  name: "identity-code",
  schema: Arrival,
  lifeSeconds: identityLimits.codeSeconds,
};

/** @throws AppError provider_unknown, which says which ones there are. */
export function providerNamed(context: Context, name: string): SignInProvider {
  const provider = context.signInProviders.get(name);
  if (provider !== undefined) return provider;
  const names = [...context.signInProviders.keys()];
  throw new AppError("provider_unknown", {
    detail:
      names.length === 0
        ? "This shop offers no sign-in by other providers. Its operator sets them up in OAUTH_PROVIDERS."
        : `This shop knows these providers: ${names.join(", ")}.`,
    members: { providers: names },
  });
}

export function redirectUriOf(context: Context, provider: string): string {
  return `${context.settings.PUBLIC_URL}/auth/oauth/${provider}/callback`;
}

/** The challenge of a verifier, as PKCE (RFC 7636) has it with S256. */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return toBase64Url(new Uint8Array(digest));
}
