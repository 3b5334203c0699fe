import type { Placed } from "#features/orders/placement";
import type { PlacedAnswer } from "./rows.ts";

/** What a buyer asks for with an order. */
export type Placement = {
  cartId: string;
  key: string;
  fingerprint: string;
  /** What the buyer agreed to pay. */
  agreedTotal: number;
};
export type PlacementOutcome = Placed<{ total: number }, PlacedAnswer>;

/** What staff ask to give back: an amount, the price of lines, or all that is left. */
export type AskedRefund = {
  amount?: number;
  lines?: readonly { order_line_id: string; quantity: number }[];
  restock: boolean;
};
