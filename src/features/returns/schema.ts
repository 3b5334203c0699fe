import { z } from "@hono/zod-openapi";
import { returnLimits, returnStatuses } from "./rules.ts";

const units = z.int().min(1).max(1_000_000);
const lineId = z.string().max(64).openapi({ description: "From the order's `lines`." });
const note = z.string().trim().min(1).max(500);

export const RequestReturn = z.strictObject({
  lines: z
    .array(z.strictObject({ order_line_id: lineId, quantity: units }))
    .min(1)
    .max(returnLimits.linesMax),
  reason: note.openapi({ description: "Why the goods come back, in the buyer's words." }),
});
export type RequestReturn = z.infer<typeof RequestReturn>;

export const DecideReturn = z.strictObject({
  note: note.optional().openapi({ description: "Told to the buyer by mail, such as where to send it." }),
});
export type DecideReturn = z.infer<typeof DecideReturn>;

export const ReceiveReturn = z.strictObject({
  lines: z
    .array(
      z.strictObject({
        order_line_id: lineId,
        quantity: units,
        restock: z
          .boolean()
          .openapi({ description: "Whether these units go back on sale; damaged ones do not." }),
      }),
    )
    .min(1)
    .max(returnLimits.linesMax)
    .openapi({ description: "What came; one line may be split into units to restock and damaged ones." }),
});
export type ReceiveReturn = z.infer<typeof ReceiveReturn>;

export const ReturnWire = z
  .object({
    id: z.string(),
    order_id: z.string(),
    status: z.enum(returnStatuses),
    requested_by: z.enum(["buyer", "staff"]),
    reason: z.string(),
    decision_note: z.string().nullable(),
    lines: z.array(
      z.object({
        order_line_id: z.string(),
        quantity: z.int(),
        received: z.int().openapi({ description: "Units that came back." }),
        restocked: z.int().openapi({ description: "Those of them that go back on sale." }),
      }),
    ),
    version: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Return");
export type ReturnWire = z.infer<typeof ReturnWire>;
