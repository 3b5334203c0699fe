import { z } from "zod";
import type { DisputeFacts, PaymentProvider } from "#core/payment-facts";
import { minorUnitsOfPaypal } from "#providers/paypal-money";
import { paypalDisputeOutcome } from "#providers/paypal-records";
import { stripeDisputeStatus } from "#providers/stripe-records";

const StripeDispute = z.object({
  data: z.object({
    object: z.object({
      object: z.literal("dispute"),
      id: z.string(),
      amount: z.int(),
      currency: z.string(),
      reason: z.string(),
      status: z.string(),
    }),
  }),
});

/** The dispute that a stored event reports, or undefined when it reports none. */
export function disputeFactsOf(provider: PaymentProvider, payload: unknown): DisputeFacts | undefined {
  if (provider === "paypal") return paypalFacts(payload);
  if (provider !== "stripe") return undefined;
  const parsed = StripeDispute.safeParse(payload);
  if (!parsed.success) return undefined;
  const { id: reference, status, currency, ...facts } = parsed.data.data.object;
  return { reference, currency: currency.toUpperCase(), status: stripeDisputeStatus(status), ...facts };
}

const PaypalDispute = z.object({
  event_type: z.string().startsWith("CUSTOMER.DISPUTE."),
  resource: z.object({
    dispute_id: z.string(),
    status: z.string(),
    reason: z.string().default("unknown"),
    dispute_amount: z.object({ value: z.string(), currency_code: z.string() }),
    dispute_outcome: z.object({ outcome_code: z.string() }).optional(),
  }),
});

function paypalFacts(payload: unknown): DisputeFacts | undefined {
  const parsed = PaypalDispute.safeParse(payload);
  if (!parsed.success) return undefined;
  const { dispute_id: reference, status, reason, dispute_amount: amount, ...rest } = parsed.data.resource;
  return {
    reference,
    status: status === "RESOLVED" ? paypalDisputeOutcome(rest.dispute_outcome?.outcome_code) : "open",
    amount: minorUnitsOfPaypal(amount.value, amount.currency_code),
    currency: amount.currency_code,
    reason: reason.toLowerCase(),
  };
}
