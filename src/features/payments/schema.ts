import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { paymentProviders } from "#core/payment-facts";
import { attemptStatuses } from "./rules.ts";

export const StartCheckout = z.strictObject({
  order_id: idSchema("order"),
  provider: z.enum(paymentProviders),
  return_url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional()
    .openapi({ description: "Where the buyer comes back to after approving elsewhere." }),
});
export type StartCheckout = z.infer<typeof StartCheckout>;

export const ConfirmPayment = z.strictObject({ order_id: idSchema("order") });

export const PaymentAttemptWire = z
  .object({
    attempt_id: z.string(),
    order_id: z.string(),
    provider: z.enum(paymentProviders),
    status: z.enum(attemptStatuses),
    client_secret: z
      .string()
      .optional()
      .openapi({ description: "Stripe: confirm the payment intent with it and the publishable key." }),
    publishable_key: z.string().optional(),
    approve_url: z.string().optional().openapi({ description: "PayPal: send the buyer there." }),
    expires_at: z.string(),
  })
  .openapi("PaymentAttempt");
export type PaymentAttemptWire = z.infer<typeof PaymentAttemptWire>;
