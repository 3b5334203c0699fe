import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { keepOneTime, takeOneTime } from "#platform/one-time";
import { arrivals, attempts, providerNamed, redirectUriOf } from "./under-way.ts";

type Returning = { provider: string; answer: URLSearchParams; browserSecret: string | undefined };

/**
 * Takes a browser back from a provider, and leads it to the shop's page with a code to exchange, or with the error.
 * A state that is not ours, or not this browser's, leads nowhere: nobody says then where it might come from.
 * @returns where the browser goes.
 * @throws AppError provider_unknown, sign_in_failed.
 */
export async function returnFromProvider(context: Context, returning: Returning): Promise<string> {
  const provider = providerNamed(context, returning.provider);
  const state = returning.answer.get("state") ?? "";
  const attempt = await takeOneTime(context, attempts, state);
  const browserHash = await sha256Hex(returning.browserSecret ?? "");
  if (attempt === undefined || attempt.provider !== provider.name || attempt.browserHash !== browserHash)
    throw new AppError("sign_in_failed", {
      detail: "This sign-in is over, too old, or was begun in another browser. Begin it again.",
    });
  const { nonce, codeVerifier, returnUrl, codeChallenge, linkTo } = attempt;
  const redirectUri = redirectUriOf(context, provider.name);
  try {
    refuseDenial(returning.answer);
    const identity = await provider.identify({ state, nonce, codeVerifier, redirectUri }, returning.answer);
    const arrival = { ...identity, provider: provider.name, codeChallenge, linkTo };
    return withQuery(returnUrl, { code: await keepOneTime(context, arrivals, arrival) });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    context.log("warn", "a sign-in at a provider failed", {
      ...errorFields(error.cause ?? error),
      provider: provider.name,
    });
    return withQuery(returnUrl, { error: error.code, error_description: error.message });
  }
}

/** @throws AppError forbidden when the person, or the provider, said no. */
function refuseDenial(answer: URLSearchParams): void {
  if (answer.get("error") === "access_denied")
    throw new AppError("forbidden", { detail: "The sign-in was cancelled at the provider." });
}

function withQuery(url: string, words: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [word, value] of Object.entries(words)) target.searchParams.set(word, value);
  return target.href;
}
