import { type SQL, sql } from "drizzle-orm";

/** Where orders are: at work, or in a month that was archived. */
export type Place = "hot" | "archive";

/** The tables of orders and of what each order brings with it, as they are named in statements. */
export type OrderTables = {
  /** With a column more, `archived`. */
  readonly orders: SQL;
  readonly lines: SQL;
  readonly history: SQL;
  readonly fulfilments: SQL;
};

const hot: OrderTables = {
  orders: sql`(select false as archived, orders.* from orders)`,
  lines: sql`order_lines`,
  history: sql`order_events`,
  fulfilments: sql`fulfilments`,
};

const archive: OrderTables = {
  orders: sql`(select true as archived, orders.* from archive.orders)`,
  lines: sql`archive.order_lines`,
  history: sql`archive.order_events`,
  fulfilments: sql`archive.fulfilments`,
};

const eitherOf = (one: SQL, other: SQL) => sql`(select * from ${one} _ union all select * from ${other} _)`;

/** Both places have the same columns in the same order. */
const everywhere: OrderTables = {
  orders: eitherOf(hot.orders, archive.orders),
  lines: eitherOf(hot.lines, archive.lines),
  history: eitherOf(hot.history, archive.history),
  fulfilments: eitherOf(hot.fulfilments, archive.fulfilments),
};

export const orderTables: Record<Place | "everywhere", OrderTables> = { hot, archive, everywhere };
