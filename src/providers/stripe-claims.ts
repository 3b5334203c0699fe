import { z } from "zod";
import type { PartialClaims, PaymentClaims } from "#core/payment-claims";

const Destination = z.union([z.string(), z.looseObject({ id: z.string() })]);

const StripeObject = z.looseObject({
  object: z.string(),
  livemode: z.boolean().optional(),
  amount: z.int().optional(),
  amount_received: z.int().optional(),
  currency: z.string().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
  on_behalf_of: Destination.nullish(),
  transfer_data: z.looseObject({ destination: Destination }).nullish(),
});

const StripeEvent = z.looseObject({
  type: z.string(),
  livemode: z.boolean().optional(),
  /** The connected account that the event is of; absent where it is of the account that listens. */
  account: z.string().optional(),
  data: z.looseObject({ object: StripeObject }),
});

/** Where an object says that its money is live or not. */
export function modeOfStripeObject({
  livemode,
}: {
  readonly livemode?: boolean | undefined;
}): PaymentClaims["mode"] | undefined {
  return livemode === undefined ? undefined : livemode ? "live" : "test";
}

type Account = string | { readonly id: string };
type Charged = {
  readonly on_behalf_of?: Account | null | undefined;
  readonly transfer_data?: { readonly destination: Account } | null | undefined;
};

/** Where an object says that its money is for another account than the one that made it. */
export function accountOfStripeObject({
  on_behalf_of: onBehalf,
  transfer_data: transfer,
}: Charged): string | undefined {
  const other = onBehalf ?? transfer?.destination;
  return typeof other === "string" ? other : other?.id;
}

/** What a stored event says of the account and mode that it is of. */
export function partyOfStripeEvent(payload: unknown): PartialClaims {
  const event = StripeEvent.safeParse(payload).data;
  if (event === undefined) return {};
  const { object } = event.data;
  return {
    mode: modeOfStripeObject(event) ?? modeOfStripeObject(object),
    account: event.account ?? accountOfStripeObject(object),
  };
}

/** What a stored event says of the payment: whoever refunds or disputes in the dashboard writes what they like. */
export function claimsOfStripeEvent(payload: unknown): PartialClaims {
  const event = StripeEvent.safeParse(payload).data;
  if (event === undefined) return {};
  const { object, amount, amount_received: received, currency, metadata } = event.data.object;
  const told = { currency: currency?.toUpperCase() };
  if (object !== "payment_intent" && object !== "charge") return told;
  return {
    ...told,
    amount,
    captured: event.type === "payment_intent.succeeded" ? received : undefined,
    order: metadata?.["order_id"],
    attempt: metadata?.["attempt_id"],
  };
}
