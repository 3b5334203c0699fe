import { neon } from "@neondatabase/serverless";
import { type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/neon-http";
import { PgDialect } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { doubtful } from "#features/payments/payment-watch";
import { type OrdersFilter, overdueQuery, pageQuery } from "#features/orders/store";
import { blocksOf, explained, nodesOf, planIn } from "../query-plan.ts";
import { type ShopDatabase, orderIdsOf, startShopDatabases, storeOrders } from "./shop-database.ts";

const months = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08"];
const ordersAMonth = 1_500;
const customer = "usr_00000000000000000000000001";
const here = sql`true`;
const dialect = new PgDialect();

let databases: Awaited<ReturnType<typeof startShopDatabases>>;
let shop: ShopDatabase;
let ids: string[];

beforeAll(async () => {
  databases = await startShopDatabases();
  shop = await databases.open();
  await shop.ask(
    "insert into users (id, email, name, role) values ($1, 'often@example.com', 'Often', 'customer')",
    [customer],
  );
  await shop.ask("select make_order_month(month::date) from unnest($1::text[]) as month", [
    months.map((month) => `${month}-01`),
  ]);
  ids = months.flatMap((month) => orderIdsOf(`${month}-15T12:00:00.000Z`, ordersAMonth));
  await storeOrders(
    shop,
    ids.map((id, place) => ({
      id,
      ...(place % 100 === 0 && { userId: customer }),
      ...(place % 500 === 1 && { status: "pending_payment" }),
      // Only in the first month, and few.
      ...(place < 10 && { status: "payment_review" }),
    })),
  );
  await shop.ask("analyze orders, order_lines, order_events, fulfilments");
}, 120_000);

afterAll(async () => {
  await shop.close();
  await databases.stop();
});

/** What Postgres does for a statement: the tables it looked into, the rows it read of orders, and blocks of 8 KB. */
async function explain({ text, values }: { text: string; values: readonly unknown[] }) {
  const plan = planIn(await shop.ask(explained(text), values));
  const ran = nodesOf(plan).filter((node) => node["Actual Loops"] > 0);
  const ofOrders = ran.filter((node) => node["Relation Name"]?.match(/^orders_/));
  return {
    tables: [...new Set(ran.flatMap((node) => node["Relation Name"] ?? []))].toSorted(),
    nodes: [...new Set(ran.map((node) => node["Node Type"]))],
    /** The most rows that were sorted at once: an order's lines are, a month's orders are not to be. */
    rowsSorted: Math.max(
      0,
      ...ran.filter((node) => node["Node Type"].endsWith("Sort")).map((node) => node["Actual Rows"]),
    ),
    orderRows: ofOrders.reduce((sum, node) => sum + node["Actual Rows"] * node["Actual Loops"], 0),
    blocks: blocksOf(plan),
  };
}

function statementOf(query: SQL) {
  const { sql: text, params: values } = dialect.sqlToQuery(query);
  return { text, values };
}

const pageOf = (filter: Partial<OrdersFilter>) =>
  explain(statementOf(pageQuery({ from: "hot", rowsMax: 21, ...filter }, here)));

test("an order is read by index, from its own month and from no other", async () => {
  const id = ids[3 * ordersAMonth + 7] ?? "";
  await shop.ask("begin");
  const [tree] = await shop.ask("select * from order_tree($1)", [id]);
  const touched = await shop.ask(`
    select relname as name, seq_scan > 0 as whole from pg_stat_xact_user_tables
    where relname ~ '^(orders|order_lines|fulfilments)' and (seq_scan > 0 or idx_scan > 0) order by relname`);
  await shop.ask("commit");
  expect(tree).toMatchObject({ order: { id }, archived: false, lines: [{}, {}], fulfilments: [{}] });
  expect(touched).toEqual([
    { name: "fulfilments_2026_04", whole: false },
    { name: "order_lines_2026_04", whole: false },
    { name: "orders_2026_04", whole: false },
  ]);
});

test.each([
  ["everybody's orders", {}],
  ["one customer's orders", { userId: customer }],
])(
  "a page of %s takes as much at the end of all months as at the beginning, and sorts no orders",
  async (_, of) => {
    const first = await pageOf(of);
    const late = await pageOf({ ...of, beforeId: ids[ordersAMonth] ?? "" });
    for (const { rowsSorted, orderRows } of [first, late]) {
      expect(rowsSorted).toBeLessThan(5);
      // Each month gives at most its newest besides what the page shows.
      expect(orderRows).toBeLessThanOrEqual(21 + 2 * months.length);
    }
    expect(late.blocks).toBeLessThan(2 * first.blocks + 50);
  },
);

test.each([
  ["of long ago", "payment_review", 10],
  ["that no order has", "payment_unknown", 0],
] as const)("a page of orders by a status %s reads no others", async (_, status, found) => {
  for (const from of ["hot", "everywhere"] as const) {
    const { orderRows, rowsSorted, blocks, nodes } = await pageOf({ status, from });
    expect(orderRows).toBe(found);
    expect(rowsSorted).toBeLessThan(5);
    // In each month the index is asked, and what was found is read with all that belongs to it.
    expect(blocks, nodes.join()).toBeLessThan(4 * 12 + 60 * found);
  }
});

test("orders whose payment is in doubt are counted without reading the others", async () => {
  const { text, values } = statementOf(doubtful(here));
  expect((await explain({ text, values })).orderRows).toBe(10);
});

test("the sweep finds overdue orders without reading those that are not", async () => {
  const database = drizzle(neon("postgresql://nobody:nothing@nowhere.invalid/shop"));
  const { sql: text, params: values } = overdueQuery(database, here).limit(100).toSQL();
  const { orderRows, nodes } = await explain({ text, values });
  expect(orderRows).toBe((months.length * ordersAMonth) / 500 - 1);
  expect(nodes).toContain("Index Scan");
});
