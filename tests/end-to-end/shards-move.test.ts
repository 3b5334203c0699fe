import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { newId, shardOfId } from "#core/ids";
import { epochMs } from "#core/time";
import { describeShards } from "#platform/order-shards";
import { abandonMove, clearShards, moveShards, openShards, readMap } from "#local/shards/move-shards";
import type { ShardRange } from "#local/shards/shard-range";
import { Attempt, Order, createBuyer } from "../buying.ts";
import { type Seller, type StockedVariant, createSeller } from "../selling.ts";
import { type Customer, type ShopClient, createShopClient } from "../shop-client.ts";
import { type TwoDatabases, isIn, registerCustomerOf, startWithTwoDatabases } from "./two-databases.ts";

const patience = { timeout: 60_000, interval: 200 };
const moved: ShardRange = { first: 0, last: 255 };
const staying: ShardRange = { first: 256, last: 511 };

let two: TwoDatabases;
let shop: ShopClient;
let buyer: ReturnType<typeof createBuyer>;
let seller: Seller;
let variant: StockedVariant;

beforeAll(async () => {
  two = await startWithTwoDatabases();
  const { api, services } = two.stack.addresses;
  shop = createShopClient(api);
  buyer = createBuyer({ api, stripe: services.stripe });
  seller = createSeller(api);
  variant = await seller.stockVariant(1_000);
});

afterAll(() => two.stack.end());

const Problem = z.object({ code: z.string() });

async function orderOf({ token }: Customer, key: string = randomUUID()) {
  const cart = await buyer.fillCart({ [variant.variantId]: 1 }, token);
  return { cart, key, answer: await buyer.placeOrder(cart, { token, key }) };
}

const homesWith = async (orderId: string) =>
  (
    await Promise.all(
      (["home", "east"] as const).map(async (home) =>
        (await two.ask(home, "select 1 from orders where id = $1", [orderId])).length > 0 ? [home] : [],
      ),
    )
  ).flat();

/** An order of a guest that was paid by card, in one of these shards. */
async function paidOrderOf(range: ShardRange): Promise<Order> {
  for (;;) {
    const cart = await buyer.fillCart({ [variant.variantId]: 1 });
    if (!isIn(range, cart.id)) continue;
    const order = (await buyer.placeOrder(cart)).as(Order);
    await buyer.authorise(order);
    await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
    return order;
  }
}

/** Orders that the staff's list has more than once, although two databases have copies of them. */
async function listedTwice(): Promise<string[]> {
  const listed = z.object({ data: z.array(Order) });
  const token = await shop.adminToken();
  const ids = (await shop.request("/admin/orders?limit=100", { token })).as(listed).data.map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(0);
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

/** Runs a step of the move to its end, while its connections are cut again and again. */
async function despiteCuts(run: () => Promise<void>): Promise<number> {
  for (let cuts = 0; ; cuts++) {
    const running = run().then(
      () => "done" as const,
      (error: unknown) => error,
    );
    const cut = cuts < 6 ? sleep(20 + 60 * cuts).then(() => "cut" as const) : running;
    const first = await Promise.race([running, cut]);
    if (first === "done") return cuts;
    await two.ask(
      "home",
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tradewind-shards'",
    );
    if ((await running) === "done") return cuts;
    if (cuts > 6) throw new Error("the move does not come to its end", { cause: await running });
  }
}

test("shards move with all their orders while others buy, however often the move is cut off", async () => {
  const mover = await registerCustomerOf(shop, moved);
  const other = await registerCustomerOf(shop, staying);
  const paid = await paidOrderOf(moved);
  const first = await orderOf(mover);
  const placed = first.answer.as(Order);
  const payment = await shop.request("/payment/checkout", {
    method: "POST",
    token: mover.token,
    json: { order_id: placed.id, provider: "stripe" },
    headers: { "idempotency-key": "pay-once" },
  });
  const ended = new AbortController();
  const bought: Order[] = [];
  const refusals = new Set<string>();
  const buying = [1, 2].map(async () => {
    while (!ended.signal.aborted) {
      const cart = await buyer.fillCart({ [variant.variantId]: 1 });
      const answer = await buyer.placeOrder(cart);
      if (answer.status === 201) bought.push(answer.as(Order));
      else refusals.add(`${isIn(moved, cart.id)} ${answer.status} ${answer.as(Problem).code}`);
    }
  });
  const silent = () => undefined;
  await despiteCuts(() => moveShards(two.homes, { range: moved, to: "east" }, silent));
  const during = await orderOf(mover);
  expect([during.answer.status, during.answer.as(Problem).code]).toEqual([503, "shard_moving"]);
  expect((await orderOf(other)).answer.status).toBe(201);
  const { token } = mover;
  expect((await shop.request(`/orders/${placed.id}`, { token })).as(Order).status).toBe("pending_payment");
  ended.abort();
  await Promise.all(buying);
  expect([...refusals].filter((refusal) => refusal !== "true 503 shard_moving")).toEqual([]);
  await two.stack.deploy({ ORDER_SHARDS: "0-255=east,256-511=home,512-1023=east" });
  expect((await shop.request(`/orders/${placed.id}`, { token })).as(Order).status).toBe("pending_payment");
  expect(await listedTwice()).toEqual([]);
  await despiteCuts(() => openShards(two.homes, { range: moved, at: "east" }, silent));
  expect(await listedTwice()).toEqual([]);
  await despiteCuts(() => clearShards(two.homes, { range: moved, from: "home" }, silent));
  expect((await buyer.readOrder(paid)).status).toBe("paid");
  const booked = "select account, amount::int from money_ledger where order_id = $1 order by account";
  expect(await two.ask("home", booked, [paid.id])).toEqual([]);
  expect(await two.ask("east", booked, [paid.id])).toEqual([
    { account: "receivable:stripe", amount: 1999 },
    { account: "sales", amount: -1999 },
  ]);
  for (const order of [placed, paid, ...bought])
    expect(await homesWith(order.id)).toEqual([isIn(staying, order.id) ? "home" : "east"]);
  expect(bought.length).toBeGreaterThan(0);
  const again = await buyer.placeOrder(first.cart, { token, key: first.key });
  expect([again.as(Order).id, again.headers.get("idempotent-replayed")]).toEqual([placed.id, "true"]);
  await buyer.payWith(payment.as(Attempt));
  await vi.waitFor(
    async () => expect((await shop.request(`/orders/${placed.id}`, { token })).as(Order).status).toBe("paid"),
    patience,
  );
  expect((await orderOf(mover)).answer.status).toBe(201);
});

test("what waits to be told of orders that move is told from where they are then, once", async () => {
  const customer = await registerCustomerOf(shop, staying);
  const placed = (await orderOf(customer)).answer.as(Order);
  const range = { first: shardOfId(placed.id), last: shardOfId(placed.id) };
  // As if nobody had got to it until the move began.
  await two.ask(
    "home",
    `insert into outbox (id, type, subject, payload, leased_until)
      select $2, type, subject, payload, 'infinity' from outbox where subject = $1 and type = 'order.placed'`,
    [placed.id, waiting],
  );
  await moveShards(two.homes, { range, to: "east" }, () => undefined);
  expect([await toldAt("home"), await toldAt("east")]).toEqual([[false], [false]]);
  await two.stack.deploy({ ORDER_SHARDS: mapWith(range) });
  await openShards(two.homes, { range, at: "east" }, () => undefined);
  await vi.waitFor(async () => expect(await toldAt("east")).toEqual([true]), patience);
  expect(await toldAt("home")).toEqual([false]);
});

const waiting = "evt_01kaxk00000000000000000000";

const toldAt = async (home: "home" | "east") =>
  (await two.ask(home, "select delivered_at is not null as told from outbox where id = $1", [waiting])).map(
    ({ told }) => told,
  );

function mapWith({ first, last }: ShardRange): string {
  const stays = (from: number, to: number) => (from > to ? [] : [`${from}-${to}=home`]);
  return [
    "0-255=east",
    ...stays(256, first - 1),
    `${first}-${last}=east`,
    ...stays(last + 1, 511),
    "512-1023=east",
  ].join();
}

test("whoever asks to be erased while orders move is told when to ask again, and is erased once they are open", async () => {
  const { token, id } = await registerCustomerOf(shop, staying);
  const cart = await buyer.fillCart({ [variant.variantId]: 1 }, token);
  const placed = (await buyer.placeOrder(cart, { token })).as(Order);
  expect((await shop.request(`/orders/${placed.id}/cancel`, { method: "POST", token })).status).toBe(200);
  const range = { first: shardOfId(id), last: shardOfId(id) };
  const erase = () => shop.request("/customers/me", { method: "DELETE", token });
  await moveShards(two.homes, { range, to: "east" }, () => undefined);
  const early = await erase();
  expect([early.status, early.as(Problem).code, early.headers.get("retry-after")]).toEqual([
    503,
    "shard_moving",
    "60",
  ]);
  const map = [...(await readMap(two.homes))].fill("east", range.first, range.last + 1);
  await two.stack.deploy({ ORDER_SHARDS: describeShards(map) });
  await openShards(two.homes, { range, at: "east" }, () => undefined);
  expect(await homesWith(placed.id)).toEqual(["home", "east"]);
  expect(await erase()).toMatchObject({ status: 200, body: { orders: 1 } });
  for (const home of ["home", "east"] as const)
    expect(await two.ask(home, "select email, user_id from orders where id = $1", [placed.id])).toEqual([
      { email: "erased@customers.invalid", user_id: null },
    ]);
  await clearShards(two.homes, { range, from: "home" }, () => undefined);
  expect(await homesWith(placed.id)).toEqual(["east"]);
});

test("what is left of an erasure waits for the end of a move, as often as it is tried", async () => {
  const { token, id } = await registerCustomerOf(shop, staying);
  const cart = await buyer.fillCart({ [variant.variantId]: 1 }, token);
  const placed = (await buyer.placeOrder(cart, { token })).as(Order);
  expect((await shop.request(`/orders/${placed.id}/cancel`, { method: "POST", token })).status).toBe(200);
  const range = { first: shardOfId(id), last: shardOfId(id) };
  await moveShards(two.homes, { range, to: "east" }, () => undefined);
  const eventId = newId("event", epochMs(Date.now()));
  // As if the order had been placed while the account went, and everything else had failed as often as may be.
  await two.ask(
    "home",
    `insert into outbox (id, type, subject, payload, attempts)
      values ($1, 'user.erased', $2, jsonb_build_object('user_id', $2::text), 11)`,
    [eventId, id],
  );
  const standing = async () =>
    two.ask(
      "home",
      `select attempts, dead_at is not null as dead, delivered_at is not null as delivered,
        last_error ~ 'on their way' as waits from outbox where id = $1`,
      [eventId],
    );
  /** Makes it due, and wakes a drain. */
  const drain = async () => {
    const due = "update outbox set leased_until = '-infinity', last_error = null where id = $1";
    await two.ask("home", due, [eventId]);
    await shop.registerCustomer();
  };
  const putOff = [{ attempts: 11, dead: false, delivered: false, waits: true }];
  for (let tries = 0; tries < 2; tries++) {
    await drain();
    await vi.waitFor(async () => expect(await standing()).toEqual(putOff), patience);
  }
  const map = [...(await readMap(two.homes))].fill("east", range.first, range.last + 1);
  await two.stack.deploy({ ORDER_SHARDS: describeShards(map) });
  await openShards(two.homes, { range, at: "east" }, () => undefined);
  await drain();
  await vi.waitFor(
    async () => expect(await standing()).toMatchObject([{ dead: false, delivered: true }]),
    patience,
  );
  expect(await two.ask("east", "select user_id from orders where id = $1", [placed.id])).toEqual([
    { user_id: null },
  ]);
});

test("a move that is given up leaves everything as it was", async () => {
  const range = { first: 768, last: 1_023 };
  const customer = await registerCustomerOf(shop, range);
  const placed = (await orderOf(customer)).answer.as(Order);
  await moveShards(two.homes, { range, to: "home" }, () => undefined);
  expect(await homesWith(placed.id)).toEqual(["home", "east"]);
  await abandonMove(two.homes, range, () => undefined);
  expect(await homesWith(placed.id)).toEqual(["east"]);
  expect((await orderOf(customer)).answer.status).toBe(201);
});

test("shards are not opened before they were copied, nor cleared before they are open elsewhere", async () => {
  const range = { first: 900, last: 901 };
  const silent = () => undefined;
  await expect(openShards(two.homes, { range, at: "home" }, silent)).rejects.toThrow(
    "have not been copied to home",
  );
  await expect(clearShards(two.homes, { range, from: "east" }, silent)).rejects.toThrow(
    "nothing was deleted",
  );
  await expect(moveShards(two.homes, { range, to: "west" }, silent)).rejects.toThrow('no database "west"');
});
