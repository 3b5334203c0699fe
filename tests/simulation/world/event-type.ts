import type { OutsideProvider, PaymentFacts } from "#core/payment-facts";

const typesOf: Readonly<Record<OutsideProvider, Readonly<Record<PaymentFacts["state"], string>>>> = {
  stripe: {
    pending: "payment_intent.processing",
    requires_action: "payment_intent.requires_action",
    approved: "payment_intent.processing",
    authorised: "payment_intent.amount_capturable_updated",
    captured: "payment_intent.succeeded",
    cancelled: "payment_intent.canceled",
  },
  paypal: {
    pending: "PAYMENT.CAPTURE.PENDING",
    requires_action: "CHECKOUT.ORDER.CREATED",
    approved: "CHECKOUT.ORDER.APPROVED",
    authorised: "PAYMENT.AUTHORIZATION.CREATED",
    captured: "PAYMENT.CAPTURE.COMPLETED",
    cancelled: "PAYMENT.AUTHORIZATION.VOIDED",
  },
};

type Told = { provider: OutsideProvider; told: PaymentFacts; reportsDispute: boolean };

/** How the provider calls its event of a payment that has come to this. */
export function eventTypeOf({ provider, told, reportsDispute }: Told): string {
  if (reportsDispute) return "charge.dispute.updated";
  if (told.refundedAmount > 0) return provider === "stripe" ? "charge.refunded" : "PAYMENT.CAPTURE.REFUNDED";
  if (provider === "stripe" && told.state === "pending" && told.failureCode !== undefined)
    return "payment_intent.payment_failed";
  return typesOf[provider][told.state];
}
