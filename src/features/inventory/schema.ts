import { z } from "@hono/zod-openapi";
import { driftKinds, settledAfterMsDefault } from "./drift.ts";

/** Equal to the inventory object's limit. */
const quantityMax = 1_000_000;

export const Sku = z.string().min(1).max(128);

const reason = z.string().trim().min(1).max(500);

export const AdjustStock = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum(["receive", "shrink"]),
    quantity: z.int().min(1).max(quantityMax).openapi({ description: "Units received or lost." }),
    reason,
  }),
  z.strictObject({
    kind: z.literal("recount"),
    quantity: z
      .int()
      .min(0)
      .max(quantityMax)
      .openapi({ description: "Units counted that are not sold, held ones included." }),
    expected_version: z.int().min(0).max(Number.MAX_SAFE_INTEGER).openapi({
      description: "The SKU's version when the count began. If it has moved, count again.",
    }),
    reason,
  }),
]);
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
    epoch: z.int().openapi({ description: "Numbers are gapless and sums hold within an epoch." }),
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

export const SetThreshold = z.strictObject({
  low_at: z.int().min(0).max(quantityMax).openapi({
    description: "At this many available units or fewer the SKU is low; 0 for never.",
  }),
});

const level = z.enum(["in_stock", "low", "out"]);

export const ThresholdWire = z
  .object({ sku: z.string(), low_at: z.int(), level, available: z.int(), version: z.int() })
  .openapi("StockThreshold");
export type ThresholdWire = z.infer<typeof ThresholdWire>;

export const alertLevels = ["low", "out"] as const;
export type AlertLevel = (typeof alertLevels)[number];

export const StockAlertWire = z
  .object({
    sku: z.string(),
    product_id: z.string(),
    level: z.enum(alertLevels).openapi({
      description:
        "Falls at once and rises late: a low SKU is in stock again beyond half its threshold more.",
    }),
    available: z.int(),
    on_hand: z.int(),
    held: z.int(),
    sold: z.int(),
    low_at: z.int(),
    version: z.int(),
    since: z.string(),
  })
  .openapi("StockAlert");
export type StockAlertWire = z.infer<typeof StockAlertWire>;

export const Reconcile = z.strictObject({
  repair: z.boolean().default(false).openapi({
    description: "Put right what was found, under a new epoch of the journal. Otherwise nothing is changed.",
  }),
  settled_for_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(settledAfterMsDefault / 1000)
    .openapi({ description: "Compare only claims and orders that have rested this long." }),
});
export type Reconcile = z.infer<typeof Reconcile>;

export const ReconciliationWire = z
  .object({
    sku: z.string(),
    drift: z.array(
      z.object({
        kind: z.enum(driftKinds),
        detail: z.string(),
        reservation_id: z.string().nullable(),
        repaired: z.boolean(),
      }),
    ),
    complete: z.boolean().openapi({ description: "False when only the newest claims were compared." }),
    epoch: z.int().nullable().openapi({ description: "The epoch that a repair began; null without one." }),
  })
  .openapi("StockReconciliation");
export type ReconciliationWire = z.infer<typeof ReconciliationWire>;

export const InventorySweepWire = z
  .object({ compared: z.int(), drifted: z.array(z.string()) })
  .openapi("InventorySweep");
