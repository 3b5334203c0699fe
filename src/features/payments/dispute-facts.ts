import { z } from "zod";
import type { PaymentProvider } from "#core/payment-facts";

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
  if (provider !== "stripe") return undefined;
  const parsed = StripeDispute.safeParse(payload);
  if (!parsed.success) return undefined;
  const { id: reference, status, currency, ...facts } = parsed.data.data.object;
  return { reference, currency: currency.toUpperCase(), status: decided(status), ...facts };
}

function decided(status: string): DisputeFacts["status"] {
  return status === "won" || status === "lost" ? status : "open";
}
