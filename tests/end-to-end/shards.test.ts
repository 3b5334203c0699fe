import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { homeNamed, withHome } from "#local/shards/homes";
import { orderIdsOf, storeOrders } from "../local/orders/shop-database.ts";
import { Attempt, type Cart, Order, createBuyer } from "../buying.ts";
import { type Seller, createSeller } from "../selling.ts";
import { type Customer, type ShopClient, createShopClient } from "../shop-client.ts";
import {
  type HomeName,
  type TwoDatabases,
  eastern,
  isIn,
  registerCustomerOf,
  startWithTwoDatabases,
} from "./two-databases.ts";

const patience = { timeout: 60_000, interval: 200 };
const homeNames = ["home", "east"] as const;
const halves = { home: { first: 0, last: 511 }, east: eastern } as const;

let two: TwoDatabases;
let shop: ShopClient;
let buyer: ReturnType<typeof createBuyer>;
let seller: Seller;
let customers: Record<HomeName, Customer>;
let admin: string;

beforeAll(async () => {
  two = await startWithTwoDatabases();
  const { api, services } = two.stack.addresses;
  shop = createShopClient(api);
  buyer = createBuyer({ api, stripe: services.stripe });
  seller = createSeller(api);
  admin = await shop.adminToken();
  customers = {
    home: await registerCustomerOf(shop, halves.home),
    east: await registerCustomerOf(shop, halves.east),
  };
});

afterAll(() => two.stack.end());

const Orders = z.object({ data: z.array(Order), next_cursor: z.string().nullable() });
const Problem = z.object({ code: z.string() });
const Readiness = z.object({ order_databases: z.object({ east: z.object({ status: z.string() }) }) });

async function placeAs({ token }: Customer, key: string = randomUUID()) {
  const { variantId } = await seller.stockVariant(3);
  const cart = await buyer.fillCart({ [variantId]: 1 }, token);
  return buyer.placeOrder(cart, { token, key });
}

async function payManually({ token }: Customer, order: Order): Promise<Order> {
  const json = { order_id: order.id, provider: "manual" };
  for (const path of ["/payment/checkout", "/payment/confirm"])
    await shop.request(path, {
      method: "POST",
      token,
      json: path === "/payment/checkout" ? json : { order_id: order.id },
      headers: { "idempotency-key": randomUUID() },
    });
  const received = `/admin/orders/${order.id}/manual-payment`;
  return (await shop.request(received, { method: "POST", token: admin })).as(Order);
}

const countAt = async (home: HomeName, id: string) =>
  (await two.ask(home, "select 1 from orders where id = $1", [id])).length;

/** A guest's cart in whose shard the orders of that database live. */
async function guestCartOf(home: HomeName, variantId: string): Promise<Cart> {
  for (;;) {
    const cart = await buyer.fillCart({ [variantId]: 1 });
    if (isIn(halves[home], cart.id)) return cart;
  }
}

test("a customer of either database orders, pays by bank transfer, is refunded and finds the order", async () => {
  const numbers = await Promise.all(
    homeNames.map(async (home) => {
      const placed = (await placeAs(customers[home])).as(Order);
      const paid = await payManually(customers[home], placed);
      expect(paid).toMatchObject({ status: "paid", id: placed.id });
      expect(await countAt(home, placed.id)).toBe(1);
      expect(await countAt(home === "home" ? "east" : "home", placed.id)).toBe(0);
      const refund = await shop.request(`/admin/orders/${placed.id}/refunds`, {
        method: "POST",
        token: admin,
        json: { amount: 500, restock: false },
        headers: { "idempotency-key": randomUUID() },
      });
      expect(refund.status).toBe(201);
      const { token } = customers[home];
      const listed = (await shop.request("/orders", { token })).as(Orders).data;
      expect(listed).toMatchObject([{ id: placed.id, status: "partially_refunded" }]);
      return Number(paid.number) % 16;
    }),
  );
  expect(numbers).toEqual([0, 1]);
});

test("guests of either database pay by card, as the provider's messages tell", async () => {
  await Promise.all(
    homeNames.map(async (home) => {
      const { variantId, sku } = await seller.stockVariant(2);
      const order = (await buyer.placeOrder(await guestCartOf(home, variantId))).as(Order);
      await buyer.authorise(order);
      await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
      await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
      expect(await countAt(home, order.id)).toBe(1);
    }),
  );
});

test("an order that is asked for again with its key is the same one, in either database", async () => {
  for (const home of homeNames) {
    const key = randomUUID();
    const { token } = customers[home];
    const { variantId } = await seller.stockVariant(3);
    const cart = await buyer.fillCart({ [variantId]: 1 }, token);
    const first = await buyer.placeOrder(cart, { token, key });
    const again = await buyer.placeOrder(cart, { token, key });
    expect(again.as(Order).id).toBe(first.as(Order).id);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(first.headers.get("consistency-token")).not.toBeNull();
  }
});

test("staff list the orders and refunds of both databases together, the newest first, page by page", async () => {
  const all: string[] = [];
  for (let after = ""; ;) {
    const page = (await shop.request(`/admin/orders?limit=2${after}`, { token: admin })).as(Orders);
    all.push(...page.data.map(({ id }) => id));
    if (page.next_cursor === null) break;
    after = `&after=${page.next_cursor}`;
  }
  const stored = await Promise.all(homeNames.map((home) => two.ask(home, "select id from orders")));
  const ids = stored.flat().map(({ id }) => String(id));
  expect(stored.every((rows) => rows.length > 0)).toBe(true);
  expect(all).toEqual(ids.toSorted().toReversed());
  const refunds = (await shop.request("/admin/refunds", { token: admin })).as(
    z.object({ data: z.array(z.object({ order_id: z.string() })) }),
  );
  const isEastern = refunds.data.map(({ order_id: id }) => isIn(eastern, id));
  expect(new Set(isEastern)).toEqual(new Set([false, true]));
});

test("the books of each database balance, and tell of its own orders only", async () => {
  for (const home of homeNames) {
    const postings = await two.ask(home, "select amount::float8, order_id from money_ledger");
    expect(postings.length).toBeGreaterThan(0);
    expect(postings.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(0);
    expect(postings.every(({ order_id: id }) => isIn(halves[home], String(id)))).toBe(true);
  }
});

test("a guest's order that an account of the other database takes over stays where it is, and is found", async () => {
  for (const home of homeNames) {
    const { variantId } = await seller.stockVariant(3);
    const cart = await guestCartOf(home === "home" ? "east" : "home", variantId);
    const order = (await buyer.placeOrder(cart)).as(Order);
    const { email, password, token } = customers[home];
    await shop.request("/auth/login", {
      method: "POST",
      json: { email, password },
      headers: { "cart-token": cart.token ?? "" },
    });
    const listed = (await shop.request("/orders", { token })).as(Orders).data.map(({ id }) => id);
    expect(listed).toContain(order.id);
    expect(listed).toEqual(listed.toSorted().toReversed());
    expect((await shop.request(`/orders/${order.id}`, { token })).status).toBe(200);
  }
});

test("whoever bought may review the product, wherever the order lives", async () => {
  const { variantId, productId } = await seller.stockVariant(3);
  const { token } = customers.east;
  const review = () =>
    shop.request(`/products/${productId}/reviews`, {
      method: "POST",
      token,
      json: { rating: 5, body: "Good." },
    });
  expect((await review()).as(Problem).code).toBe("review_needs_purchase");
  const cart = await buyer.fillCart({ [variantId]: 1 }, token);
  await payManually(customers.east, (await buyer.placeOrder(cart, { token })).as(Order));
  expect((await review()).status).toBe(201);
});

test("the comparison with the provider sees the payments of both databases, and finds nothing amiss", async () => {
  const call = { method: "POST", token: admin, headers: { "idempotency-key": randomUUID() } };
  expect((await shop.request("/admin/reconciliation", { ...call, json: {} })).status).toBe(202);
  for (const home of homeNames)
    await vi.waitFor(async () => {
      const [seen] = await two.ask(home, "select count(*)::int as payments from payment_sightings");
      expect(seen).toEqual({ payments: 1 });
    }, patience);
  const differences = await shop.request("/admin/payment-differences", { token: admin });
  expect(differences.as(z.object({ data: z.array(z.unknown()) })).data).toEqual([]);
});

test("whoever is erased is erased in both databases, and orders nothing more with an old token", async () => {
  const customer = await registerCustomerOf(shop, halves.east);
  const { variantId } = await seller.stockVariant(3);
  const cart = await guestCartOf("home", variantId);
  const guestOrder = (await buyer.placeOrder(cart)).as(Order);
  const { email, password, token } = customer;
  const headers = { "cart-token": cart.token ?? "" };
  await shop.request("/auth/login", { method: "POST", json: { email, password }, headers });
  const own = (await placeAs(customer)).as(Order);
  for (const { id } of [guestOrder, own])
    expect((await shop.request(`/orders/${id}/cancel`, { method: "POST", token })).status).toBe(200);
  const erased = await shop.request("/customers/me", { method: "DELETE", token });
  expect(erased.body).toEqual({ orders: 2 });
  const late = await buyer.fillCart({ [variantId]: 1 }, token);
  // The cart of the erased account is emptied as well, before or after.
  expect([401, 409]).toContain((await buyer.placeOrder(late, { token })).status);
  expect(await two.ask("east", "select id from orders where user_id = $1", [customer.id])).toEqual([]);
  for (const [home, { id }] of [["home", guestOrder] as const, ["east", own] as const]) {
    const [order] = await two.ask(home, "select email, user_id from orders where id = $1", [id]);
    expect(order).toEqual({ email: "erased@customers.invalid", user_id: null });
  }
});

test("the sweep archives months that have rested, in each database, and no others", async () => {
  const [{ recent } = {}] = await two.ask(
    "home",
    "select (date_trunc('month', now() at time zone 'UTC') - interval '20 months')::date::text as recent",
  );
  const restedIds: string[] = [];
  for (const home of homeNames) {
    const idIn = (time: string) => orderIdsOf(time, 50).find((id) => isIn(halves[home], id)) ?? "";
    const rested = idIn("2021-03-10T00:00:00Z");
    restedIds.push(rested);
    const months = ["2021-03-01", "2021-04-01", recent];
    // In one transaction, or a sweep could archive a month before its orders are there.
    await withHome(homeNamed(two.homes, home), async (client) => {
      await client.query("begin");
      await client.query("select make_order_month(month::date) from unnest($1::text[]) month", [months]);
      await storeOrders({ ask: (statement, values) => client.query(statement, [...values]) }, [
        { id: rested },
        { id: idIn("2021-04-10T00:00:00Z"), status: "paid" },
        { id: idIn(`${String(recent).slice(0, 7)}-10T00:00:00Z`) },
      ]);
      await client.query("commit");
    });
  }
  for (const home of homeNames) {
    const placesOf = async () => {
      const rows = await two.ask(
        home,
        `select month::text, place_of_order_month(month::date) as place,
          exists (select from order_months known where known.month = asked.month::date and looked_at is not null) as looked
         from unnest($1::text[]) as asked (month) order by month`,
        [["2021-03-01", "2021-04-01", recent]],
      );
      return rows.map(({ place, looked }) => [place, looked]);
    };
    await vi.waitFor(
      async () =>
        expect(await placesOf()).toEqual([
          ["archive", true],
          ["public", true],
          ["public", false],
        ]),
      patience,
    );
  }
  for (const id of restedIds)
    expect((await shop.request(`/admin/orders/${id}`, { token: admin })).body).toMatchObject({
      archived: true,
    });
});

test("a database that is away fails its own customers only, and what waited goes on when it is back", async () => {
  const { variantId, sku } = await seller.stockVariant(2);
  const guest = (await buyer.placeOrder(await guestCartOf("east", variantId))).as(Order);
  const attempt = await buyer.startPayment(guest);
  const ready = () => shop.request("/ready");
  expect((await ready()).as(Readiness).order_databases.east.status).toBe("up");
  await two.setAway(true);
  expect(await ready()).toMatchObject({
    status: 503,
    body: {
      dependencies: { database_primary: { status: "up" } },
      order_databases: { east: { status: "down" } },
    },
  });
  const refused = await placeAs(customers.east);
  expect([refused.status, refused.as(Problem).code]).toEqual([503, "dependency_unavailable"]);
  const paid = await payManually(customers.home, (await placeAs(customers.home)).as(Order));
  expect(paid.status).toBe("paid");
  const { token } = customers.home;
  expect((await shop.request(`/orders/${paid.id}`, { token })).status).toBe(200);
  await two.setAway(false);
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), patience);
  await buyer.payWith(attempt.as(Attempt));
  await vi.waitFor(async () => expect((await buyer.readOrder(guest)).status).toBe("paid"), patience);
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(1), patience);
  expect((await placeAs(customers.east)).status).toBe(201);
});
