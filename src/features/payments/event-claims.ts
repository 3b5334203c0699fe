import { type Contradiction, type PartialClaims, contradictionsOf, isOfIdentity } from "#core/payment-claims";
import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { claimsOfPaypalEvent, partyOfPaypalEvent } from "#providers/paypal-claims";
import { claimsOfStripeEvent, partyOfStripeEvent } from "#providers/stripe-claims";
import type { PaymentAttempt } from "./attempts.ts";
import { gatewayOf } from "./gateways.ts";

type Told = { readonly provider: PaymentProvider; readonly payload: unknown };

/** What an event says of account and mode otherwise than this shop's: it is of another world, and no business of ours. */
export function foreignClaimsOf(context: Context, { provider, payload }: Told): readonly Contradiction[] {
  const { party } = gatewayOf(context, provider);
  return party === undefined ? [] : contradictionsOf(party, partyOf(provider, payload));
}

function partyOf(provider: PaymentProvider, payload: unknown): PartialClaims {
  return provider === "stripe" ? partyOfStripeEvent(payload) : partyOfPaypalEvent(payload);
}

/**
 * What an event says of its payment otherwise than our books. One that names a payment of ours which there is not
 * contradicts them, too; one that names none of ours is about somebody else's.
 */
export function contradictionsOfEvent(
  { provider, payload }: Told,
  attempt: PaymentAttempt | undefined,
): readonly Contradiction[] {
  const told = provider === "stripe" ? claimsOfStripeEvent(payload) : claimsOfPaypalEvent(payload);
  if (attempt === undefined)
    return told.attempt?.startsWith("pay_") ? contradictionsOf({ attempt: null }, told) : [];
  const { id, orderId, amount, currency, acceptedAt } = attempt;
  const differing = contradictionsOf(
    { order: orderId, attempt: id, invoice: id, amount, captured: amount, currency },
    told,
  );
  return acceptedAt === null ? differing : differing.filter((each) => !isOfIdentity(each));
}
