import { z } from "@hono/zod-openapi";

/** Equal to the inventory object's limit. */
const quantityMax = 1_000_000;

export const Sku = z.string().min(1).max(128);

export const AdjustStock = z
  .strictObject({
    kind: z.enum(["receive", "shrink", "recount"]),
    quantity: z.int().min(0).max(quantityMax).openapi({
      description:
        "Units received or lost; for a recount the units counted that are not sold, held ones included.",
    }),
    expected_version: z.int().min(0).optional().openapi({
      description: "For a recount: the SKU's version when the count began. If it has moved, count again.",
    }),
    reason: z.string().trim().min(1).max(500),
  })
  .refine((body) => (body.kind === "recount") === (body.expected_version !== undefined), {
    path: ["expected_version"],
    message: "is needed for a recount, and for nothing else",
  })
  .refine((body) => body.kind === "recount" || body.quantity > 0, {
    path: ["quantity"],
    message: "must be at least 1",
  });
export type AdjustStock = z.infer<typeof AdjustStock>;

export const AvailabilityWire = z
  .object({
    sku: z.string(),
    available: z.int(),
    status: z.enum(["in_stock", "low", "out"]),
    version: z.int(),
  })
  .openapi("Availability");
export type AvailabilityWire = z.infer<typeof AvailabilityWire>;

export const MovementWire = z
  .object({
    id: z.string(),
    sku: z.string(),
    kind: z.enum(["receive", "shrink", "recount"]),
    quantity: z.int().openapi({ description: "Change of the units on hand." }),
    reason: z.string(),
    on_hand: z.int(),
    held: z.int(),
    sold: z.int(),
    available: z.int(),
    version: z.int(),
    at: z.string(),
  })
  .openapi("StockMovement");
export type MovementWire = z.infer<typeof MovementWire>;

export const LedgerEntryWire = z
  .object({
    sku: z.string(),
    seq: z.int(),
    kind: z.string(),
    quantity: z.int(),
    reservation_id: z.string().nullable(),
    reason: z.string().nullable(),
    on_hand: z.int(),
    held: z.int(),
    sold: z.int(),
    at: z.string(),
  })
  .openapi("StockLedgerEntry");
export type LedgerEntryWire = z.infer<typeof LedgerEntryWire>;
