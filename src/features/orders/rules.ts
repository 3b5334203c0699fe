import type { TransitionTable } from "#core/state-machine";

export const orderStatuses = [
  "pending_payment",
  "payment_unknown",
  "payment_review",
  "authorised",
  "paid",
  "fulfilling",
  "shipped",
  "delivered",
  "cancelled",
  "expired",
  "partially_refunded",
  "refunded",
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** What can happen to an order. */
export type OrderTransition =
  | "authorise"
  | "pay"
  | "lose_sight"
  | "regain_sight"
  | "withdraw_promise"
  | "review"
  | "fulfil"
  | "unpack_part"
  | "unpack"
  | "ship_part"
  | "ship"
  | "deliver_part"
  | "deliver"
  | "cancel"
  | "expire"
  | "refund_part"
  | "refund_all";

/** The life of an order. A state without transitions is an end. */
export const orderTransitions: TransitionTable<OrderStatus, OrderTransition> = {
  pending_payment: {
    authorise: "authorised",
    pay: "paid",
    lose_sight: "payment_unknown",
    review: "payment_review",
    cancel: "cancelled",
    expire: "expired",
  },
  payment_unknown: {
    authorise: "authorised",
    pay: "paid",
    regain_sight: "pending_payment",
    review: "payment_review",
    cancel: "cancelled",
    expire: "expired",
  },
  payment_review: {
    authorise: "authorised",
    regain_sight: "pending_payment",
    cancel: "cancelled",
    refund_part: "payment_review",
    refund_all: "refunded",
  },
  authorised: {
    pay: "paid",
    withdraw_promise: "pending_payment",
    lose_sight: "payment_unknown",
    review: "payment_review",
    cancel: "cancelled",
  },
  paid: { fulfil: "fulfilling", refund_part: "partially_refunded", refund_all: "refunded" },
  fulfilling: {
    fulfil: "fulfilling",
    unpack_part: "fulfilling",
    unpack: "paid",
    ship_part: "fulfilling",
    ship: "shipped",
    deliver_part: "fulfilling",
    refund_part: "partially_refunded",
    refund_all: "refunded",
  },
  shipped: {
    deliver_part: "shipped",
    deliver: "delivered",
    refund_part: "partially_refunded",
    refund_all: "refunded",
  },
  delivered: { refund_part: "partially_refunded", refund_all: "refunded" },
  partially_refunded: {
    fulfil: "partially_refunded",
    unpack_part: "partially_refunded",
    unpack: "partially_refunded",
    ship_part: "partially_refunded",
    ship: "partially_refunded",
    deliver_part: "partially_refunded",
    deliver: "partially_refunded",
    refund_part: "partially_refunded",
    refund_all: "refunded",
  },
  refunded: {},
  cancelled: {},
  expired: {},
};

/** Whether the order still waits for its payment. */
export function isPayable(status: OrderStatus): boolean {
  return status === "pending_payment" || status === "payment_unknown";
}

/** Whether the order has ended without a payment. */
export function hasEnded(status: OrderStatus): boolean {
  return status === "cancelled" || status === "expired";
}

export const orderTimes = {
  /** How long a buyer has to pay. */
  payWithinMs: 15 * 60 * 1000,
  /**
   * How long the stock objects keep the units at most, also while the outcome of the payment is unknown: longer, because
   * stock is given back only once the provider confirmed that no money can come any more.
   */
  holdMs: 60 * 60 * 1000,
} as const;

/** Units per SKU: lines of the same SKU are added up before stock is asked for. Sorted, so that holds are taken in one order. */
export function unitsBySku(
  lines: readonly { sku: string; quantity: number }[],
): [sku: string, quantity: number][] {
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return [...units].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The identity of an order's claim on a SKU: one in all the world, wherever that SKU's stock is kept. */
export function reservationId(orderId: string, sku: string): string {
  return `${orderId}/${sku}`;
}

export type FulfilmentLine = { readonly order_line_id: string; readonly quantity: number };

/** The lines with those of one order line added up. */
export function mergedLines(lines: readonly FulfilmentLine[]): FulfilmentLine[] {
  const units = new Map<string, number>();
  for (const { order_line_id: id, quantity } of lines) units.set(id, (units.get(id) ?? 0) + quantity);
  return [...units].map(([id, quantity]) => ({ order_line_id: id, quantity }));
}

/** An order as far as its units' way to the buyer goes. */
export type UnitsOfOrder = {
  readonly lines: readonly { readonly id: string; readonly quantity: number }[];
  readonly fulfilments: readonly { readonly status: string; readonly lines: readonly FulfilmentLine[] }[];
  readonly refunds: readonly {
    readonly status: string;
    readonly restock: boolean;
    readonly lines: readonly FulfilmentLine[];
  }[];
};

/**
 * Units of each line that are still to be packed. A unit takes one of two ways: into a parcel, from which it comes back
 * by a return alone; or, while nobody has packed it, back on sale by a refund that restocks. So none is restocked twice,
 * and none is sold again that is on its way to the buyer.
 */
export function unfulfilledUnits({ lines, fulfilments, refunds }: UnitsOfOrder): Map<string, number> {
  const open = new Map(lines.map((line) => [line.id, line.quantity]));
  const packed = fulfilments.filter(({ status }) => status !== "cancelled");
  const restocked = refunds.filter(({ status, restock }) => restock && status !== "failed");
  for (const { lines: taken } of [...packed, ...restocked])
    for (const { order_line_id: id, quantity } of taken) open.set(id, (open.get(id) ?? 0) - quantity);
  return open;
}
