import { z } from "zod";
import type { PaymentProvider } from "#core/payment-facts";
import { minorUnitsOfPaypal } from "#providers/paypal-money";

/** What a provider reports of a disputed payment. Amount in minor units. */
export type DisputeFacts = {
  readonly reference: string;
  readonly status: "open" | "won" | "lost";
  readonly amount: number;
  readonly currency: string;
  readonly reason: string;
};

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
  return { reference, currency: currency.toUpperCase(), status: decided(status), ...facts };
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
    status: status === "RESOLVED" ? paypalOutcome(rest.dispute_outcome?.outcome_code) : "open",
    amount: minorUnitsOfPaypal(amount.value, amount.currency_code),
    currency: amount.currency_code,
    reason: reason.toLowerCase(),
  };
}

/** Only what was decided for the buyer costs the shop its money. */
function paypalOutcome(code: string | undefined): DisputeFacts["status"] {
  return code === "RESOLVED_BUYER_FAVOUR" || code === "ACCEPTED" ? "lost" : "won";
}

function decided(status: string): DisputeFacts["status"] {
  return status === "won" || status === "lost" ? status : "open";
}
