import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import type { PaymentGateway } from "#providers/payment-gateway";
import { manualPayments } from "./manual-payments.ts";

/** The gateway of a provider; manual payments are our own. */
export function gatewayOf(context: Context, provider: PaymentProvider): PaymentGateway {
  return provider === "manual" ? manualPayments(context) : context.payments[provider];
}
