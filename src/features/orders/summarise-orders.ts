import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Id } from "#core/ids";
import { Currency, money, moneyToWire } from "#core/money";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { livesHere } from "#platform/order-homes";
import { rowFromJson } from "#platform/json-rows";
import { homesOfCustomer } from "./customer-homes.ts";
import { orderTables } from "./places.ts";
import { orders } from "./tables.ts";

const Summary = z.tuple([z.object({ placed: z.coerce.number(), last: z.unknown() })]);

/** How many orders a customer has placed, and the last of them. */
export async function summariseOrders(context: Context, userId: Id<"user">) {
  const homes = await homesOfCustomer(context, userId);
  const theirs = sql`user_id = ${userId} and ${livesHere(context, sql`id`)}`;
  const summaries = await Promise.all(homes.map(({ database }) => summariseAt(database, theirs)));
  const count = summaries.reduce((sum, { placed }) => sum + placed, 0);
  const [last] = summaries
    .flatMap(({ last: newest }) => (newest === null ? [] : [rowFromJson(orders, newest)]))
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
  if (last === undefined) return { count, last: null };
  const total = moneyToWire(money(last.total, Currency.parse(last.currency)));
  const createdAt = toTimestamp(epochMs(last.createdAt.getTime()));
  return {
    count,
    last: { id: last.id, number: last.number, status: last.status, total, created_at: createdAt },
  };
}

async function summariseAt(database: Database, condition: SQL) {
  const theirs = sql`from ${orderTables.everywhere.orders} o where ${condition}`;
  const { rows } = await database.execute(sql`
    select count(*) as placed, (select to_jsonb(o) ${theirs} order by id desc limit 1) as last ${theirs}`);
  return Summary.parse(rows)[0];
}
