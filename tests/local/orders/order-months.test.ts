import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { monthOf, nextMonth } from "./months.ts";
import {
  type ShopDatabase,
  type StoredOrder,
  orderIdsOf,
  startShopDatabases,
  storeOrders,
} from "./shop-database.ts";
import { migrate } from "#local/migrate";

let databases: Awaited<ReturnType<typeof startShopDatabases>>;
let shop: ShopDatabase;
beforeAll(async () => {
  databases = await startShopDatabases();
});
afterEach(() => shop.close());
afterAll(() => databases.stop());

const tables = ["orders", "order_lines", "order_events", "fulfilments"] as const;

/** Where the rows of an order are, table by table. */
async function whereabouts(id: string): Promise<string[]> {
  const places = tables.map(
    (table) =>
      `select tableoid::regclass::text as place from ${table} where ${table === "orders" ? "id" : "order_id"} = $1`,
  );
  const rows = await shop.ask(places.join(" union "), [id]);
  return rows.map(({ place }) => String(place)).toSorted();
}

const partsOf = (month: string) => tables.map((table) => `${table}_${month}`).toSorted();
const storeOne = async (order: StoredOrder) => storeOrders(shop, [order]);

test("a database with orders is converted with every row, and each month has its own", async () => {
  shop = await databases.openBefore("0040");
  const times = ["2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-07-15T12:00:00.000Z"];
  const ids = times.flatMap((time) => orderIdsOf(time));
  await storeOrders(
    shop,
    ids.map((id) => ({ id })),
  );
  await shop.ask("update orders set number = nextval('order_numbers')");
  await shop.ask(
    "insert into payment_attempts (id, order_id, provider, status, amount, currency) select 'pay_' || id, id, 'manual', 'captured', 1000, 'EUR' from orders",
  );
  const before = await everything();
  await migrate(shop.url);
  expect(await everything()).toEqual(before);
  expect([
    await whereabouts(ids[0] ?? ""),
    await whereabouts(ids[1] ?? ""),
    await whereabouts(ids[2] ?? ""),
  ]).toEqual(["2025_12", "2026_01", "2026_07"].map(partsOf));
  expect(await shop.ask("select number from numbered_orders order by number")).toHaveLength(3);
});

async function everything(): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const table of [...tables, "payment_attempts"])
    rows.push(await shop.ask(`select to_jsonb(t) as row from ${table} t order by id`));
  return rows;
}

test("room is made for this month and three ahead, and making it again changes nothing", async () => {
  shop = await databases.open();
  const months = [0, 1, 2, 3].map((ahead) => nextMonth(monthOf(new Date()), ahead));
  for (const month of months)
    for (const table of tables)
      expect(await shop.ask("select to_regclass($1) is not null as made", [`${table}_${month}`])).toEqual([
        { made: true },
      ]);
  expect(await shop.ask("select * from make_order_months(3)")).toEqual([]);
});

test("the first moment of a year is January's, and the last one before is December's", async () => {
  shop = await databases.open();
  await shop.ask("select make_order_month('2030-12-01'), make_order_month('2031-01-01')");
  const [last = "", first = ""] = ["2030-12-31T23:59:59.999Z", "2031-01-01T00:00:00.000Z"].flatMap((time) =>
    orderIdsOf(time),
  );
  await storeOrders(shop, [{ id: last }, { id: first }]);
  expect(await whereabouts(last)).toEqual(partsOf("2030_12"));
  expect(await whereabouts(first)).toEqual(partsOf("2031_01"));
});

test("a session in another time zone makes the same months", async () => {
  shop = await databases.open();
  await shop.ask("set timezone = 'Pacific/Kiritimati'");
  await shop.ask("select make_order_month('2031-03-01')");
  const [id = ""] = orderIdsOf("2031-03-01T00:00:00.000Z");
  await storeOne({ id });
  expect(await whereabouts(id)).toEqual(partsOf("2031_03"));
  expect(await shop.ask("select month_of_order($1)::text as month", [id])).toEqual([{ month: "2031-03-01" }]);
});

test("an order that nobody made room for is kept, and goes to its month once there is room", async () => {
  shop = await databases.open();
  const [id = "", other = ""] = ["2033-05-20T08:00:00.000Z", "2033-06-20T08:00:00.000Z"].flatMap((time) =>
    orderIdsOf(time),
  );
  await storeOrders(shop, [{ id }, { id: other }]);
  await shop.ask("update orders set number = 7 where id = $1", [id]);
  expect(await whereabouts(id)).toEqual(partsOf("default"));
  expect(await shop.ask("select month::text, outcome from make_order_months(0)")).toEqual([
    { month: "2033-05-01", outcome: "made" },
    { month: "2033-06-01", outcome: "made" },
  ]);
  expect(await whereabouts(id)).toEqual(partsOf("2033_05"));
  expect(await whereabouts(other)).toEqual(partsOf("2033_06"));
});

test("ids of no known time stay in the default partition and hold nobody up", async () => {
  shop = await databases.open();
  await storeOne({ id: "ord_from-another-shop" });
  expect(await shop.ask("select * from make_order_months(3)")).toEqual([]);
  expect(await whereabouts("ord_from-another-shop")).toEqual(partsOf("default"));
});

test("many who make the same month at once make it once, while orders of it come in", async () => {
  shop = await databases.open();
  const sessions = await Promise.all(Array.from({ length: 6 }, () => shop.connect()));
  const ids = orderIdsOf("2034-02-10T00:00:00.000Z", 30);
  const storing = (async () => {
    for (const id of ids) await storeOne({ id });
  })();
  const outcomes = await Promise.all(
    sessions.map(async (session) => {
      const { rows } = await session.query<{ outcome: string }>(
        "select make_order_month('2034-02-01') as outcome",
      );
      return rows[0]?.outcome;
    }),
  );
  await storing;
  await Promise.all(sessions.map((session) => session.end()));
  expect(outcomes.filter((outcome) => outcome === "made")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "there")).toHaveLength(5);
  expect(await shop.ask("select count(*)::int as kept from orders_2034_02")).toEqual([{ kept: ids.length }]);
});

test("a routine that is killed on its way leaves nothing behind, and the next one finishes", async () => {
  shop = await databases.open();
  const [id = ""] = orderIdsOf("2035-08-01T00:00:00.000Z");
  await storeOne({ id });
  const doomed = await shop.connect();
  await doomed.query("begin");
  await doomed.query("select make_order_month('2035-08-01')");
  const { rows } = await doomed.query<{ pid: number }>("select pg_backend_pid() as pid");
  await shop.ask("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await vi.waitFor(
    async () =>
      expect(await shop.ask("select 1 from pg_stat_activity where pid = $1", [rows[0]?.pid])).toEqual([]),
    25_000,
  );
  expect(await whereabouts(id)).toEqual(partsOf("default"));
  expect(await shop.ask("select to_regclass('orders_2035_08') as made")).toEqual([{ made: null }]);
  expect(await shop.ask("select make_order_month('2035-08-01') as outcome")).toEqual([{ outcome: "made" }]);
  expect(await whereabouts(id)).toEqual(partsOf("2035_08"));
});

test("the routine gives way to whoever is at work, and holds nobody up for long", async () => {
  shop = await databases.open();
  const reader = await shop.connect();
  await reader.query("begin");
  await reader.query("select * from orders_default");
  await expect(shop.ask("select make_order_month('2036-01-01')")).rejects.toMatchObject({ code: "55P03" });
  await reader.query("rollback");
  await reader.end();
  expect(await shop.ask("select make_order_month('2036-01-01') as outcome")).toEqual([{ outcome: "made" }]);
});

test("a number is given once in all months, and money cannot name an order that does not exist", async () => {
  shop = await databases.open();
  await shop.ask("select make_order_month('2037-01-01'), make_order_month('2037-02-01')");
  const ids = ["2037-01-10T00:00:00.000Z", "2037-02-10T00:00:00.000Z"].flatMap((time) => orderIdsOf(time));
  await storeOrders(
    shop,
    ids.map((id) => ({ id })),
  );
  await shop.ask("update orders set number = 12 where id = $1", [ids[0]]);
  await expect(shop.ask("update orders set number = 12 where id = $1", [ids[1]])).rejects.toMatchObject({
    code: "23505",
    constraint: "numbered_orders_pkey",
  });
  await expect(
    shop.ask(
      "insert into payment_attempts (id, order_id, provider, status, amount, currency) values ('pay_1', 'ord_1', 'manual', 'creating', 1, 'EUR')",
    ),
  ).rejects.toMatchObject({ code: "23503" });
});
