import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MoneyWire } from "#core/money";
import { paymentProviders } from "#core/payment-facts";
import { WebAddress, webAddress } from "#core/text";
import { attemptStatuses } from "./rules.ts";

export const StartCheckout = z.strictObject({
  order_id: idSchema("order"),
  provider: z.enum(paymentProviders),
  return_url: WebAddress.max(2000)
    .optional()
    .openapi({ ...webAddress, description: "Where the buyer comes back to after approving elsewhere." }),
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

export const RequestRefund = z
  .strictObject({
    amount: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .openapi({ description: "Minor units; left out, the price of `lines`, or all that is left." }),
    lines: z
      .array(z.strictObject({ order_line_id: z.string().max(64), quantity: z.int().min(1).max(1_000_000) }))
      .min(1)
      .max(100)
      .optional(),
    reason: z.string().trim().min(1).max(500).optional(),
    restock: z.boolean().openapi({
      description:
        "Whether the units of `lines` go back on sale: only such as nobody has packed. What was shipped comes back with a return, whose receipt decides.",
    }),
    return_id: idSchema("return").optional().openapi({
      description: "The return that it is for. Without `amount` and `lines`, the price of what came back.",
    }),
  })
  .refine((body) => !body.restock || body.return_id === undefined, {
    path: ["restock"],
    message: "a return's units were restocked, or not, when they were received; send false",
  })
  .refine((body) => !body.restock || body.lines !== undefined, {
    path: ["lines"],
    message: "say which units go back on sale",
  });
export type RequestRefund = z.infer<typeof RequestRefund>;

export const RefundWire = z
  .object({
    id: z.string(),
    order_id: z.string(),
    status: z.enum(["pending", "succeeded", "failed"]),
    origin: z.enum(["staff", "provider", "system"]).openapi({
      description:
        "Who gave it back: staff here, somebody in the provider's dashboard, or the shop itself, because nobody owed it.",
    }),
    amount: MoneyWire,
    reason: z.string().nullable(),
    restock: z.boolean(),
    return_id: z.string().nullable(),
    lines: z.array(z.object({ order_line_id: z.string(), quantity: z.int() })),
    failure_code: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("Refund");
export type RefundWire = z.infer<typeof RefundWire>;

export const RefundsQuery = z.strictObject({
  status: z.enum(["pending", "succeeded", "failed"]).optional(),
  order_id: idSchema("order").optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: idSchema("refund").optional(),
});
export type RefundsQuery = z.infer<typeof RefundsQuery>;

export const DisputeWire = z
  .object({
    id: z.string(),
    order_id: z.string(),
    provider: z.string(),
    status: z.enum(["open", "won", "lost"]),
    amount: MoneyWire,
    reason: z.string(),
    reported_at: z.string(),
  })
  .openapi("Dispute");
export type DisputeWire = z.infer<typeof DisputeWire>;
