import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type ShopDatabase, orderIdsOf, startShopDatabases, storeOrders } from "./shop-database.ts";

let databases: Awaited<ReturnType<typeof startShopDatabases>>;
let shop: ShopDatabase;
beforeAll(async () => {
  databases = await startShopDatabases();
});
beforeEach(async () => {
  shop = await databases.open();
  await shop.ask("select make_order_month('2023-03-01'), make_order_month('2023-04-01')");
});
afterEach(() => shop.close());
afterAll(() => databases.stop());

const tables = ["orders", "order_lines", "order_events", "fulfilments"] as const;
const march = () => orderIdsOf("2023-03-10T00:00:00.000Z")[0] ?? "";

async function outcomeOf(routine: "retire" | "restore", month = "2023-03-01") {
  const [row] = await shop.ask(`select ${routine}_order_month($1) as outcome`, [month]);
  return row?.["outcome"];
}

/** How many rows of each kind the hot tables and the archive have of an order. */
async function rowsOf(id: string) {
  const counts: Record<string, unknown> = {};
  for (const schema of ["public", "archive"]) {
    const [row] = await shop.ask(
      `select ${tables
        .map(
          (table) =>
            `(select count(*)::int from ${schema}.${table} where ${table === "orders" ? "id" : "order_id"} = $1) as ${table}`,
        )
        .join(", ")}`,
      [id],
    );
    counts[schema] = row;
  }
  return counts;
}
const whole = { orders: 1, order_lines: 2, order_events: 2, fulfilments: 1 };
const none = { orders: 0, order_lines: 0, order_events: 0, fulfilments: 0 };

async function insertAttempt(orderId: string, status = "captured") {
  await shop.ask(
    "insert into payment_attempts (id, order_id, provider, provider_reference, status, amount, currency) values ('pay_' || $1, $1, 'stripe', 'pi_' || $1, $2, 1000, 'EUR')",
    [orderId, status],
  );
}

test("a month goes with all that belongs to its orders, twice is once, and it comes back as it was", async () => {
  const id = march();
  const [april = ""] = orderIdsOf("2023-04-01T00:00:00.000Z");
  await storeOrders(shop, [{ id }, { id: april }]);
  await insertAttempt(id);
  expect(await outcomeOf("retire")).toBe("archived");
  expect(await rowsOf(id)).toEqual({ public: none, archive: whole });
  expect(await rowsOf(april)).toEqual({ public: whole, archive: none });
  expect(await outcomeOf("retire")).toBe("archived already");
  expect(await outcomeOf("restore")).toBe("restored");
  expect(await rowsOf(id)).toEqual({ public: whole, archive: none });
  expect(await outcomeOf("restore")).toBe("there already");
  expect(await outcomeOf("retire")).toBe("archived");
  expect(await shop.ask("select order_id from payment_attempts")).toEqual([{ order_id: id }]);
});

test("a month that is back serves by the same indexes as before, and is guarded as before", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  const shapes = `select c.relname, array_agg(i.indexrelid::regclass::text order by 1) as indexes
    from pg_class c join pg_index i on i.indrelid = c.oid where c.relname like '%_2023_03' group by 1 order by 1`;
  const before = await shop.ask(shapes);
  await outcomeOf("retire");
  await outcomeOf("restore");
  expect(await shop.ask(shapes)).toEqual(before);
  await shop.ask("update orders set number = 5 where id = $1", [id]);
  expect(await shop.ask("select order_id from numbered_orders")).toEqual([{ order_id: id }]);
});

test("months that do not exist, are young or are no months are left as they are", async () => {
  const [{ month } = {}] = await shop.ask(
    "select (date_trunc('month', now()) - interval '17 months')::date::text as month",
  );
  await shop.ask("select make_order_month($1)", [month]);
  expect(await outcomeOf("retire", String(month))).toBe("too recent");
  expect(await outcomeOf("retire", "2001-01-01")).toBe("unknown");
  expect(await outcomeOf("restore", "2001-01-01")).toBe("unknown");
  await expect(outcomeOf("retire", "2023-03-02")).rejects.toMatchObject({ code: "22023" });
  await expect(outcomeOf("restore", "2023-03-02")).rejects.toMatchObject({ code: "22023" });
});

const unfinished: Record<string, (id: string) => Promise<unknown>> = {
  "order paid": (id) => shop.ask("update orders set status = 'paid' where id = $1", [id]),
  "order payment_review": (id) => shop.ask("update orders set status = 'payment_review' where id = $1", [id]),
  "parcel open": (id) => shop.ask("update fulfilments set status = 'open' where order_id = $1", [id]),
  "payment unknown": (id) =>
    shop.ask("update payment_attempts set status = 'unknown' where order_id = $1", [id]),
  "refund pending": (id) =>
    shop.ask(
      "insert into refunds (id, order_id, attempt_id, status, amount, currency, origin, request_scope, request_key, request_fingerprint) values ('rfd_1', $1, 'pay_' || $1, 'pending', 5, 'EUR', 'staff', 's', 'k', 'f')",
      [id],
    ),
  "dispute open": (id) =>
    shop.ask(
      "insert into disputes (id, order_id, attempt_id, provider, provider_reference, status, amount, currency, reason, reported_at) values ('dsp_1', $1, 'pay_' || $1, 'stripe', 'dp_1', 'open', 5, 'EUR', 'fraud', now())",
      [id],
    ),
  "return approved": (id) =>
    shop.ask(
      "insert into returns (id, order_id, status, requested_by, reason, lines) values ('ret_1', $1, 'approved', 'buyer', 'too small', '[]')",
      [id],
    ),
  "payment difference open": (id) =>
    shop.ask(
      "insert into payment_differences (id, provider, subject, kind, provider_reference, order_id) values ('pdf_1', 'stripe', 's', 'k', 'pi_1', $1)",
      [id],
    ),
  "payment event waiting": (id) =>
    shop.ask(
      "insert into payment_events (id, provider, provider_event_id, type, provider_reference, payload, occurred_at) values ('pev_1', 'stripe', 'evt_1', 't', 'pi_' || $1, '{}', now())",
      [id],
    ),
  "event undelivered": (id) =>
    shop.ask(
      "insert into outbox (id, type, subject, payload) values ('evt_1', 'order.delivered', $1, '{}')",
      [id],
    ),
};

test("a month stays while anything of one of its orders is unfinished, and it is told what", async () => {
  for (const [index, [reason, begin]] of Object.entries(unfinished).entries()) {
    const month = `20${10 + index}-03-01`;
    const [id = ""] = orderIdsOf(`${month}T12:00:00.000Z`);
    await shop.ask("select make_order_month($1)", [month]);
    await storeOrders(shop, [{ id }]);
    await insertAttempt(id);
    await begin(id);
    expect(await outcomeOf("retire", month)).toBe("unfinished");
    expect(
      await shop.ask("select * from unfinished_orders($1) union select * from unfinished_business($1)", [
        month,
      ]),
    ).toEqual([{ reason, order_id: id }]);
    expect(await rowsOf(id)).toEqual({ public: whole, archive: none });
  }
});

test("money that is about to move keeps its order's month, however late it comes", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  await insertAttempt(id);
  const refunding = await shop.connect();
  await refunding.query("begin");
  await refunding.query(
    "insert into refunds (id, order_id, attempt_id, status, amount, currency, origin, request_scope, request_key, request_fingerprint) values ('rfd_1', $1, 'pay_' || $1, 'pending', 5, 'EUR', 'staff', 's', 'k', 'f')",
    [id],
  );
  const retiring = await shop.connect();
  const outcome = retiring.query("select retire_order_month('2023-03-01') as outcome");
  await Promise.allSettled([outcome, refunding.query("commit")]);
  // Either it waited and saw the refund, or it gave up; never both an archived order and a refund that moves.
  expect(await rowsOf(id)).toEqual({ public: whole, archive: none });
  expect(await outcomeOf("retire")).toBe("unfinished");
  await Promise.all([refunding.end(), retiring.end()]);
});

test("nothing more happens to an archived order, and its money's rows say why", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  await outcomeOf("retire");
  await expect(insertAttempt(id)).rejects.toMatchObject({ code: "TW005" });
  expect(await shop.ask("update orders set version = 2 where id = $1 returning id", [id])).toEqual([]);
});

test("a retirement that is killed half-way took nothing off", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  const doomed = await shop.connect();
  await doomed.query("begin");
  await doomed.query("select retire_order_month('2023-03-01')");
  const { rows } = await doomed.query<{ pid: number }>("select pg_backend_pid() as pid");
  await shop.ask("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await vi.waitFor(async () => expect(await rowsOf(id)).toEqual({ public: whole, archive: none }), 25_000);
  expect(await outcomeOf("retire")).toBe("archived");
});

test("whoever retires and restores the same month at once finds it whole at one place", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  const sessions = await Promise.all(Array.from({ length: 6 }, () => shop.connect()));
  await Promise.allSettled(
    sessions.map((session, index) =>
      session.query(`select ${index % 2 === 0 ? "retire" : "restore"}_order_month('2023-03-01')`),
    ),
  );
  await Promise.all(sessions.map((session) => session.end()));
  expect([
    { public: whole, archive: none },
    { public: none, archive: whole },
  ]).toContainEqual(await rowsOf(id));
});

test("a month is not made again while it is archived; what comes of it waits and joins it when it is back", async () => {
  const id = march();
  const late = march();
  await storeOrders(shop, [{ id }]);
  await outcomeOf("retire");
  expect(await shop.ask("select make_order_month('2023-03-01') as outcome")).toEqual([
    { outcome: "archived" },
  ]);
  await storeOrders(shop, [{ id: late }]);
  expect(await outcomeOf("restore")).toBe("restored");
  expect(await shop.ask("select count(*)::int as orders from orders_2023_03")).toEqual([{ orders: 2 }]);
});

test("the oldest month that has rested goes by itself, and one that was brought back is left alone", async () => {
  const id = march();
  await storeOrders(shop, [{ id }]);
  const retireOldest = () => shop.ask("select month::text, outcome from retire_oldest_order_month(24)");
  expect(await retireOldest()).toEqual([{ month: "2023-03-01", outcome: "archived" }]);
  expect(await retireOldest()).toEqual([{ month: "2023-04-01", outcome: "archived" }]);
  expect(await retireOldest()).toEqual([]);
  await outcomeOf("restore");
  expect(await retireOldest()).toEqual([]);
  await shop.ask("update order_months set restored_at = now() - interval '31 days', looked_at = null");
  expect(await retireOldest()).toEqual([{ month: "2023-03-01", outcome: "archived" }]);
});

test("an unfinished month does not keep the next one from going", async () => {
  const id = march();
  await storeOrders(shop, [{ id, status: "paid" }]);
  const retireOldest = () => shop.ask("select month::text, outcome from retire_oldest_order_month(24)");
  expect(await retireOldest()).toEqual([{ month: "2023-03-01", outcome: "unfinished" }]);
  expect(await retireOldest()).toEqual([{ month: "2023-04-01", outcome: "archived" }]);
});

test("the archive's tables have the columns of the hot ones, in their order", async () => {
  for (const table of tables) {
    const columns = await shop.ask(
      `select nspname, array_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull order by attnum) as columns
       from pg_attribute join pg_class on pg_class.oid = attrelid join pg_namespace n on n.oid = relnamespace
       where relname = $1 and attnum > 0 and not attisdropped group by nspname order by nspname`,
      [table],
    );
    expect(columns).toMatchObject([{ nspname: "archive" }, { nspname: "public" }]);
    expect(columns[0]?.["columns"]).toEqual(columns[1]?.["columns"]);
  }
});
