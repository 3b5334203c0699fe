import { AppError } from "#core/errors";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { keepOneTime } from "#platform/one-time";
import { returnUrlOf } from "./begin-sign-in.ts";
import { linkedEvent, newLink } from "./exchange-code.ts";
import { listIdentities } from "./list-identities.ts";
import { identityLimits } from "./rules.ts";
import type { BegunLink, CodeExchange, IdentityList, LinkRequest } from "./schema.ts";
import { findIdentity, lostIdentityRace } from "./store.ts";
import { takeArrival } from "./take-arrival.ts";
import { linkRequests, providerNamed } from "./under-way.ts";

/**
 * Prepares a link for the browser to begin, which cannot send an access token along.
 * @throws AppError provider_unknown, invalid_request.
 */
export async function beginLink(
  context: Context,
  { provider, link }: { provider: string; link: LinkRequest },
): Promise<BegunLink> {
  const { userId } = signedInUser(context);
  const { name } = providerNamed(context, provider);
  const token = await keepOneTime(context, linkRequests, {
    provider: name,
    returnUrl: returnUrlOf(context, link.return_url),
    codeChallenge: link.code_challenge,
    linkTo: userId,
  });
  return {
    url: `${context.settings.PUBLIC_URL}/auth/oauth/${name}?link_token=${token}`,
    expires_in: identityLimits.attemptSeconds,
  };
}

/**
 * Links the identity under a code to the account that asked for it. A second time it is linked already.
 * @throws AppError sign_in_failed, identity_taken.
 */
export async function confirmLink(context: Context, exchange: CodeExchange): Promise<IdentityList> {
  const { userId } = signedInUser(context);
  const arrival = await takeArrival(context, exchange);
  if (arrival.linkTo !== userId)
    throw new AppError("sign_in_failed", { detail: "This code was not asked for by this account." });
  try {
    await transact(context.databases.primary, [
      newLink(context, userId, arrival),
      linkedEvent(context, userId, arrival.provider),
    ]);
    context.wakeOutbox();
  } catch (error) {
    if (!lostIdentityRace(error)) throw error;
    const known = await findIdentity(context, arrival);
    if (known?.userId !== userId)
      throw new AppError("identity_taken", {
        detail:
          known === undefined
            ? `Another ${arrival.provider} account is linked to yours. Remove it first: DELETE /auth/identities/${arrival.provider}.`
            : "It opens another account here. Sign in to that one, or remove it there first.",
      });
  }
  return listIdentities(context);
}
