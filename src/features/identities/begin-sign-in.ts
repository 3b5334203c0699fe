import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { keepOneTime, takeOneTime } from "#platform/one-time";
import { randomSecret } from "#platform/signed-tokens";
import { allowedReturnUrl } from "./rules.ts";
import type { BeginQuery } from "./schema.ts";
import { attempts, linkRequests, providerNamed, redirectUriOf } from "./under-way.ts";

export type Departure = { location: string; browserSecret: string };

/**
 * Sends a browser to a provider. It gets a secret of its own, without which nobody can come back in its place.
 * @param browserSecret what the browser has already, so that two of its tabs may sign in at once.
 * @throws AppError provider_unknown, invalid_request, sign_in_failed, dependency_unavailable.
 */
export async function beginSignIn(
  context: Context,
  input: { provider: string; query: BeginQuery; browserSecret: string | undefined },
): Promise<Departure> {
  const provider = providerNamed(context, input.provider);
  const journey = await journeyOf(context, provider.name, input.query);
  const browserSecret = input.browserSecret ?? randomSecret();
  const attempt = {
    nonce: randomSecret(),
    codeVerifier: randomSecret(),
    browserHash: await sha256Hex(browserSecret),
  };
  const state = await keepOneTime(context, attempts, { ...journey, ...attempt });
  const location = await provider.authorizationUrl(
    { ...attempt, state, redirectUri: redirectUriOf(context, provider.name) },
    input.query.prompt,
  );
  return { location: location.href, browserSecret };
}

async function journeyOf(context: Context, provider: string, query: BeginQuery) {
  const { link_token: linkToken, code_challenge: codeChallenge } = query;
  if (linkToken !== undefined) {
    const link = await takeOneTime(context, linkRequests, linkToken);
    if (link?.provider === provider) return link;
    throw new AppError("sign_in_failed", {
      detail:
        "This link is unknown, was used before or is too old. Ask for a new one at POST /auth/identities.",
    });
  }
  if (codeChallenge === undefined)
    throw new AppError("invalid_request", {
      detail: "Send code_challenge: the base64url SHA-256 of a secret that your page keeps for the exchange.",
      errors: [{ pointer: "/query/code_challenge", code: "required", detail: "is missing" }],
    });
  return { provider, codeChallenge, returnUrl: returnUrlOf(context, query.return_url), linkTo: null };
}

/** @throws AppError invalid_request when it is none of the shop's pages. */
export function returnUrlOf(context: Context, asked: string | undefined): string {
  const returnUrl = allowedReturnUrl(context.settings.SIGN_IN_RETURN_URLS, asked);
  if (returnUrl !== undefined) return returnUrl;
  throw new AppError("invalid_request", {
    detail: "return_url must be one of the shop's pages that are listed in SIGN_IN_RETURN_URLS.",
    errors: [{ pointer: "/return_url", code: "not_allowed", detail: "is not on the list" }],
  });
}
