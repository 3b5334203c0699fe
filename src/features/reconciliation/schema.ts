import { z } from "@hono/zod-openapi";
import { MoneyWire } from "#core/money";
import { paymentProviders } from "#core/payment-facts";
import { differenceKinds, differenceStatuses } from "./rules.ts";

export const PaymentDifferenceWire = z
  .object({
    id: z.string(),
    provider: z.enum(paymentProviders),
    kind: z.enum(differenceKinds).openapi({
      description:
        "`foreign_payment`: money at the provider that names nothing of ours, which is never touched. `unknown_payment`: money that names an attempt of ours, which is not there or has another payment. `…_missing_at_provider`: our books say more than the provider does. `books_differ`: our own tables contradict each other.",
    }),
    status: z.enum(differenceStatuses).openapi({
      description: "Mended by the settlement, vanished by itself, or closed by staff.",
    }),
    provider_reference: z.string().openapi({ description: "The provider's id of the payment or dispute." }),
    order_id: z.string().nullable(),
    attempt_id: z.string().nullable(),
    ours: MoneyWire.nullable().openapi({ description: "What our rows say; null where no amount differs." }),
    theirs: MoneyWire.nullable().openapi({ description: "What the provider says." }),
    detail: z
      .string()
      .nullable()
      .openapi({ description: "Why it could not be mended, where that is known." }),
    note: z.string().nullable().openapi({ description: "What staff wrote when they closed it." }),
    closed_by: z.string().nullable(),
    first_seen_at: z.string(),
    last_seen_at: z.string(),
    resolved_at: z.string().nullable(),
  })
  .openapi("PaymentDifference");
export type PaymentDifferenceWire = z.infer<typeof PaymentDifferenceWire>;

export const DifferenceQuery = {
  status: z.enum(differenceStatuses).optional(),
  kind: z.enum(differenceKinds).optional(),
  provider: z.enum(paymentProviders).optional(),
};

export const CloseDifference = z.strictObject({
  note: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .openapi({ description: "What was found out, and done about it." }),
});

export const StartReconciliation = z.strictObject({
  provider: z
    .enum(["stripe", "paypal", "shop"])
    .optional()
    .openapi({ description: "One provider's records, or the shop's own books; left out, all." }),
});

const count = z.int().min(0);

export const ReconciliationWire = z
  .object({
    under_way: z.boolean().openapi({ description: "Whether anything waits to be compared." }),
    lists: z
      .array(
        z.object({
          provider: z.enum(["stripe", "paypal", "shop"]),
          list: z.string().openapi({ description: "The provider's list, or which of our tables." }),
          under_way: z.boolean(),
          covered_until: z.string().openapi({ description: "Everything before has been compared." }),
          started_at: z.string().nullable(),
          finished_at: z.string().nullable(),
          next_run_at: z.string(),
          pages: count.openapi({ description: "Read by the walk under way, else by the last one." }),
          compared: count,
          suspected: count.openapi({ description: "Looked different and were examined one by one." }),
          last_error: z.string().nullable(),
        }),
      )
      .openapi({ description: "How far each list was walked through." }),
    waiting: count.openapi({ description: "Payments that wait to be examined now." }),
    failing: count.openapi({ description: "Payments that could not be examined, and are tried again." }),
    open: count.openapi({ description: "Differences that wait for the staff." }),
    mended: count.openapi({ description: "Differences that were mended during the last 24 hours." }),
    found: count.openapi({ description: "Differences that were found during the last 24 hours." }),
  })
  .openapi("Reconciliation");
export type ReconciliationWire = z.infer<typeof ReconciliationWire>;
