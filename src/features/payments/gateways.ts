import { AppError } from "#core/errors";
import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import type { PaymentGateway } from "#providers/payment-gateway";
import { manualPayments } from "./manual-payments.ts";

/**
 * The gateway of a provider; manual payments are our own.
 * @throws AppError dependency_unavailable when the shop no longer has this provider's settings.
 */
export function gatewayOf(context: Context, provider: PaymentProvider): PaymentGateway {
  const gateway = provider === "manual" ? manualPayments(context) : context.payments[provider];
  if (gateway === undefined)
    throw new AppError("dependency_unavailable", { detail: `The settings of ${provider} are missing.` });
  return gateway;
}

/** Whether buyers may choose this provider. */
export function isOffered(context: Context, provider: PaymentProvider): boolean {
  if (provider === "manual") return context.settings.MANUAL_PAYMENTS === "on";
  return context.payments[provider] !== undefined;
}
