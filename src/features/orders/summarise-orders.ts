import { and, count, desc, eq } from "drizzle-orm";
import type { Id } from "#core/ids";
import { Currency, money, moneyToWire } from "#core/money";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { livesHere } from "#platform/order-homes";
import { homesOfCustomer } from "./customer-homes.ts";
import { orders } from "./tables.ts";

/** How many orders a customer has placed, and the last of them. */
export async function summariseOrders(context: Context, userId: Id<"user">) {
  const homes = await homesOfCustomer(context, userId);
  const theirs = and(eq(orders.userId, userId), livesHere(context, orders.id));
  const summaries = await Promise.all(
    homes.map(({ database }) =>
      database.batch([
        database.select({ orders: count() }).from(orders).where(theirs),
        database.select().from(orders).where(theirs).orderBy(desc(orders.id)).limit(1),
      ]),
    ),
  );
  const placed = summaries.reduce((sum, [[counted]]) => sum + (counted?.orders ?? 0), 0);
  const [last] = summaries.flatMap(([, newest]) => newest).toSorted((a, b) => (a.id < b.id ? 1 : -1));
  if (last === undefined) return { count: placed, last: null };
  const total = moneyToWire(money(last.total, Currency.parse(last.currency)));
  const createdAt = toTimestamp(epochMs(last.createdAt.getTime()));
  return {
    count: placed,
    last: { id: last.id, number: last.number, status: last.status, total, created_at: createdAt },
  };
}
