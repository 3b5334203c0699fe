import type { PaymentProvider } from "#core/payment-facts";
import type { AttemptStatus } from "./rules.ts";

/** On the way to the money, or at any time: captured money can still go back or be disputed. */
type Bearing = "until_captured" | "always";

/**
 * The providers' events that can change something for us. All others are recorded and left alone, new ones included:
 * whatever they accompany is told by one of these too, and the sweep asks the provider where none comes.
 */
const bearingOf: Readonly<Record<PaymentProvider, Readonly<Partial<Record<string, Bearing>>>>> = {
  stripe: {
    "payment_intent.requires_action": "until_captured",
    "payment_intent.processing": "until_captured",
    "payment_intent.payment_failed": "until_captured",
    "payment_intent.amount_capturable_updated": "until_captured",
    "payment_intent.succeeded": "until_captured",
    "payment_intent.canceled": "always",
    "charge.expired": "always",
    "charge.refunded": "always",
    "charge.refund.updated": "always",
    "refund.created": "always",
    "refund.updated": "always",
    "refund.failed": "always",
    "charge.dispute.created": "always",
    "charge.dispute.updated": "always",
    "charge.dispute.closed": "always",
    "charge.dispute.funds_withdrawn": "always",
    "charge.dispute.funds_reinstated": "always",
  },
  paypal: {
    "CHECKOUT.ORDER.APPROVED": "until_captured",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": "always",
    "PAYMENT.AUTHORIZATION.CREATED": "until_captured",
    "PAYMENT.AUTHORIZATION.VOIDED": "always",
    "PAYMENT.CAPTURE.PENDING": "until_captured",
    "PAYMENT.CAPTURE.COMPLETED": "until_captured",
    "PAYMENT.CAPTURE.DENIED": "always",
    "PAYMENT.CAPTURE.DECLINED": "always",
    "PAYMENT.CAPTURE.REFUNDED": "always",
    "PAYMENT.CAPTURE.REVERSED": "always",
    "PAYMENT.REFUND.PENDING": "always",
    "PAYMENT.REFUND.FAILED": "always",
    "CUSTOMER.DISPUTE.CREATED": "always",
    "CUSTOMER.DISPUTE.UPDATED": "always",
    "CUSTOMER.DISPUTE.RESOLVED": "always",
  },
  manual: {},
};

/** What the webhook endpoints at the providers are to be told: any other event would only be stored. */
export const webhookEventTypes = {
  stripe: Object.keys(bearingOf.stripe),
  paypal: Object.keys(bearingOf.paypal),
} as const;

/** Whether events of this type can change anything for us. */
export function isOfInterest(provider: PaymentProvider, type: string): boolean {
  return Object.hasOwn(bearingOf[provider], type);
}

/**
 * Whether our books have what an event of this type can tell: an attempt is captured in them only together with its
 * order's own change, and nothing that leads there is news afterwards.
 */
export function isReflected(provider: PaymentProvider, type: string, status: AttemptStatus): boolean {
  return status === "captured" && bearingOf[provider][type] !== "always";
}
