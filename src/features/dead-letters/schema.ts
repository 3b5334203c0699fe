import { z } from "@hono/zod-openapi";

export const DeadLetterWire = z
  .object({
    id: z.string(),
    kind: z.enum(["event", "payment_event"]),
    type: z.string(),
    subject: z.string().nullable().openapi({ description: "The order, product or SKU that it is about." }),
    attempts: z.int(),
    last_error: z.string().nullable(),
    since: z.string(),
  })
  .openapi("DeadLetter");
export type DeadLetterWire = z.infer<typeof DeadLetterWire>;

export const DeadLetterId = z
  .string()
  .regex(/^(evt|pev)_[0-9a-hjkmnp-tv-z]{26}$/)
  .openapi({ description: "The id from the list." });
