import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { orders } from "./tables.ts";

export type GuestTraces = {
  /** The cart that the guest proved to hold. */
  readonly cartId?: Id<"cart"> | undefined;
  /** An address that is proven to be the user's. */
  readonly verifiedEmail?: string | undefined;
};

/**
 * The statement that gives a guest's orders to an account. An order that somebody owns is never given away, so it may
 * run any number of times at once.
 */
export function claimOrders(context: Context, userId: string, { cartId, verifiedEmail }: GuestTraces) {
  return context.databases.primary
    .update(orders)
    .set({ userId })
    .where(
      and(
        isNull(orders.userId),
        or(
          ...(cartId === undefined ? [] : [eq(orders.cartId, cartId)]),
          ...(verifiedEmail === undefined
            ? []
            : [eq(sql`lower(${orders.email})`, verifiedEmail.toLowerCase())]),
          sql`false`,
        ),
      ),
    );
}
