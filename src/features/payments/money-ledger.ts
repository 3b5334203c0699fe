import type { Context } from "#platform/context";
import { ordersAt } from "#platform/order-homes";
import { type MoneyFact, postingsOf } from "./bookkeeping.ts";
import { moneyLedger } from "./refund-tables.ts";

/** The same for a fact that may have been booked by an earlier step. */
export function bookMoneyOnce(context: Context, fact: MoneyFact) {
  return bookMoney(context, fact).onConflictDoNothing();
}

/** The statement that books a fact; it belongs into the fact's own transaction. A fact is booked once, by its name. */
export function bookMoney(context: Context, fact: MoneyFact) {
  const { transactionId, orderId, currency } = fact;
  return ordersAt(context, orderId)
    .insert(moneyLedger)
    .values(
      postingsOf(fact).map((posting, index) => ({
        ...posting,
        transactionId,
        line: index + 1,
        orderId,
        currency,
      })),
    );
}
