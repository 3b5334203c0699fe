import { sql } from "drizzle-orm";
import { z } from "zod";
import { type EpochMs, dayMs, epochMs } from "#core/time";
import type { Context } from "#platform/context";
import { livesHere, orderHomes, readMerged } from "#platform/order-homes";
import { orderTables } from "./places.ts";
import { type OrderStatus, orderStatuses, orderTimes, reservationId } from "./rules.ts";

/** Orders read per SKU, the newest first. */
const claimsMax = 2_000;

/** Orders that rested this long assert nothing: the ledger forgets their claims a month later. */
const assertedMs = 365 * dayMs;

/** What an order says about its claim on a SKU. */
export type StockClaim = {
  /** The reservation's id. */
  readonly id: string;
  readonly quantity: number;
  /** `held`: at least held; `any`: the order exists, but its state settles nothing about its units. */
  readonly want: "held" | "committed" | "any";
  readonly changedAt: EpochMs;
};

export type StockClaims = {
  /** Newest first. An order that ended unpaid claims nothing and is not among them. */
  readonly claims: readonly StockClaim[];
  /** False when there are older ones that were not read. */
  readonly complete: boolean;
};

const Row = z.object({
  id: z.string(),
  status: z.enum(orderStatuses),
  quantity: z.coerce.number(),
  created_at: z.coerce.date(),
  updated_at: z.coerce.date(),
});

/** Every order's claim on the units of a SKU, as the orders have it; inventory compares it with its own books. */
export async function readStockClaims(context: Context, sku: string): Promise<StockClaims> {
  const { orders, lines } = orderTables.everywhere;
  const rowsMax = claimsMax + 1;
  const rows = await readMerged(orderHomes(context), { rowsMax }, async (database) => {
    const found = await database.execute(sql`
      select o.id, o.status, sum(line.quantity) as quantity, o.created_at, o.updated_at
      from ${lines} line join ${orders} o on o.id = line.order_id
      where line.sku = ${sku} and o.status not in ('cancelled', 'expired')
        and ${livesHere(context, sql`o.id`)}
      group by o.id, o.status, o.created_at, o.updated_at order by o.id desc limit ${rowsMax}`);
    return found.rows.map((row) => Row.parse(row));
  });
  const now = context.now();
  const claims = rows.slice(0, claimsMax).map(({ id, quantity, ...order }): StockClaim => {
    const changedAt = epochMs(order.updated_at.getTime());
    const heldUntil = order.created_at.getTime() + orderTimes.holdMs;
    const asserts = now < changedAt + assertedMs;
    const want = asserts ? wantOf(order.status, now < heldUntil) : "any";
    return { id: reservationId(id, sku), quantity, want, changedAt };
  });
  return { claims, complete: rows.length <= claimsMax };
}

function wantOf(status: OrderStatus, holdLives: boolean): StockClaim["want"] {
  switch (status) {
    case "pending_payment":
    case "payment_unknown":
    case "authorised":
      // Its payment rescues an expired hold where units remain.
      return holdLives ? "held" : "any";
    case "paid":
    case "fulfilling":
    case "shipped":
    case "delivered":
    case "partially_refunded":
      return "committed";
    // Money came for what could not be delivered in full: a person decides, or has decided.
    case "payment_review":
    case "refunded":
    case "cancelled":
    case "expired":
      return "any";
  }
}
