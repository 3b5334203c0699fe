import { asc, eq } from "drizzle-orm";
import { type PaymentAttempt, selectAttempts } from "#features/payments/attempts";
import { type RefundRow, selectRefunds } from "#features/payments/refund-store";
import type { Context } from "#platform/context";
import type { FulfilmentRow, OrderLineRow, OrderRow } from "./store.ts";
import { fulfilments, orderLines, orders } from "./tables.ts";

/** An order with all that belongs to it, as the primary has it. */
export type Order = OrderRow & {
  readonly lines: readonly OrderLineRow[];
  readonly fulfilments: readonly FulfilmentRow[];
  /** Oldest first. */
  readonly attempts: readonly PaymentAttempt[];
  /** The newest payment attempt; earlier ones were superseded by it. */
  readonly attempt: PaymentAttempt | undefined;
  readonly refunds: readonly RefundRow[];
};

/** Reads one order in one transaction on the primary. Whether the asker may see it is the caller's question. */
export async function loadOrder(context: Context, orderId: string): Promise<Order | undefined> {
  const { primary } = context.databases;
  const [[row], lines, parcels, attempts, refunds] = await primary.batch([
    primary.select().from(orders).where(eq(orders.id, orderId)),
    primary
      .select()
      .from(orderLines)
      .where(eq(orderLines.orderId, orderId))
      .orderBy(asc(orderLines.position)),
    primary.select().from(fulfilments).where(eq(fulfilments.orderId, orderId)).orderBy(asc(fulfilments.id)),
    selectAttempts(context, [orderId]),
    selectRefunds(context, [orderId]),
  ]);
  return row && { ...row, lines, fulfilments: parcels, attempts, attempt: attempts.at(-1), refunds };
}
