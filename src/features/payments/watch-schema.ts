import { z } from "@hono/zod-openapi";

const Standing = z
  .object({
    orders: z.int(),
    lasting: z.int().openapi({ description: "Of these, such as have been there for too long." }),
    oldest_seconds: z.int(),
    lasting_after_seconds: z.int(),
  })
  .openapi("PaymentStanding");

export const PaymentWatchWire = z
  .object({
    payment_unknown: Standing.openapi({ description: "The provider has not told what became of a call." }),
    payment_review: Standing.openapi({ description: "A person has to decide." }),
    refused_events_today: z
      .int()
      .openapi({ description: "Events of the last 24 hours that contradict what we know." }),
    failed_refunds: z.int().openapi({
      description: "Money that nobody owed and that could not be given back; nobody has retried.",
    }),
  })
  .openapi("PaymentWatch");
export type PaymentWatchWire = z.infer<typeof PaymentWatchWire>;
