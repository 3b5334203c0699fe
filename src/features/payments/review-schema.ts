import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";

const Claimed = z.union([z.string(), z.int()]).nullable();

const ContradictionWire = z
  .object({
    claim: z.enum(["mode", "account", "order", "attempt", "invoice", "currency", "amount", "captured"]),
    expected: Claimed.openapi({ description: "What we know; amounts in minor units." }),
    told: Claimed.openapi({ description: "What the provider says." }),
  })
  .openapi("PaymentContradiction");

export const PaymentReviewWire = z
  .object({
    id: z.string(),
    order_id: z.string(),
    attempt_id: z.string(),
    state: z.enum(["open", "decided"]).openapi({ description: "Open ones wait for a person." }),
    reason: z.string(),
    contradictions: z.array(ContradictionWire),
    payment_event_id: z
      .string()
      .nullable()
      .openapi({ description: "The event that claims so; null when it is the provider's own reading." }),
    opened_at: z.string(),
    decision: z.enum(["accept", "reject"]).nullable(),
    note: z.string().nullable(),
    decided_by: z.string().nullable(),
    decided_at: z.string().nullable(),
  })
  .openapi("PaymentReview");
export type PaymentReviewWire = z.infer<typeof PaymentReviewWire>;

export const RefusedEventWire = z
  .object({
    id: z.string(),
    provider: z.string(),
    provider_event_id: z.string(),
    type: z.string(),
    payment: z.string().nullable().openapi({ description: "The provider's id of the payment it names." }),
    contradictions: z.array(ContradictionWire),
    occurred_at: z.string(),
    received_at: z.string(),
  })
  .openapi("RefusedPaymentEvent");
export type RefusedEventWire = z.infer<typeof RefusedEventWire>;

export const DecideReview = z.strictObject({
  decision: z.enum(["accept", "reject"]).openapi({
    description:
      "Accept: the payment is this order's, which goes on. Refused unless exactly the order's total is held or taken, in its currency, on our own account. Reject: the order is cancelled, its stock released, and whatever the provider holds goes back.",
  }),
  note: z.string().trim().min(1).max(1000),
});
export type DecideReview = z.infer<typeof DecideReview>;

const limit = z.coerce.number().int().min(1).max(100).default(20);

export const ReviewsQuery = z.strictObject({
  state: z.enum(["open", "decided"]).optional(),
  order_id: idSchema("order").optional(),
  limit,
  after: idSchema("paymentReview").optional(),
});
export type ReviewsQuery = z.infer<typeof ReviewsQuery>;

export const RefusedEventsQuery = z.strictObject({ limit, after: idSchema("paymentEvent").optional() });
