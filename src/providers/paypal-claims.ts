import { z } from "zod";
import type { PartialClaims, PaymentClaims } from "#core/payment-claims";
import { minorUnitsOfPaypal } from "./paypal-money.ts";

const Payee = z.looseObject({ merchant_id: z.string().optional() });
const Links = z.array(z.looseObject({ href: z.string() })).optional();

const Paid = z.looseObject({
  amount: z.looseObject({ value: z.string(), currency_code: z.string() }).optional(),
  custom_id: z.string().optional(),
  invoice_id: z.string().optional(),
  payee: Payee.optional(),
});

const Resource = Paid.extend({
  purchase_units: z.array(Paid.extend({ reference_id: z.string().optional() })).optional(),
  disputed_transactions: z.array(z.looseObject({ seller: Payee.optional() })).optional(),
  links: Links,
});

const PaypalEvent = z.looseObject({ event_type: z.string(), resource: Resource, links: Links });

/** Live and sandbox are two worlds, told apart by their hosts; any other host says nothing. */
export function modeOfPaypalUrl(url: string): PaymentClaims["mode"] | undefined {
  const host = URL.parse(url)?.hostname ?? "";
  if (/(^|\.)sandbox\.paypal\.com$/.test(host)) return "test";
  return /(^|\.)paypal\.com$/.test(host) ? "live" : undefined;
}

/** The mode that the first telling link of several names. */
export function modeOfPaypalLinks(
  links: readonly { readonly href: string }[] | undefined,
): PaymentClaims["mode"] | undefined {
  return links?.map(({ href }) => modeOfPaypalUrl(href)).find((mode) => mode !== undefined);
}

/** What a stored event says of the account and mode that it is of. */
export function partyOfPaypalEvent(payload: unknown): PartialClaims {
  const event = PaypalEvent.safeParse(payload).data;
  if (event === undefined) return {};
  const { payee, purchase_units: units, disputed_transactions: disputed, links } = event.resource;
  return {
    mode: modeOfPaypalLinks(event.links) ?? modeOfPaypalLinks(links),
    account: payee?.merchant_id ?? units?.[0]?.payee?.merchant_id ?? disputed?.[0]?.seller?.merchant_id,
  };
}

/** Events whose resource is the payment, or a part of it; others tell of refunds and disputes. */
const ofPayment =
  /^(CHECKOUT\.|PAYMENT\.AUTHORIZATION\.|PAYMENT\.CAPTURE\.(PENDING|COMPLETED|DENIED|DECLINED)$)/;

/**
 * What a stored event says of the payment.
 * @throws RangeError when it names an amount that is none.
 */
export function claimsOfPaypalEvent(payload: unknown): PartialClaims {
  const event = PaypalEvent.safeParse(payload).data;
  if (event === undefined || !ofPayment.test(event.event_type)) return {};
  const [unit] = event.resource.purchase_units ?? [];
  const { amount, custom_id: attempt, invoice_id: invoice } = unit ?? event.resource;
  const minor = amount && minorUnitsOfPaypal(amount.value, amount.currency_code);
  const isCapture = event.event_type.startsWith("PAYMENT.CAPTURE.");
  return {
    order: unit?.reference_id,
    attempt,
    invoice,
    currency: amount?.currency_code,
    ...(isCapture ? { captured: minor } : { amount: minor }),
  };
}
