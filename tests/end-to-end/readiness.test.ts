import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "@upstash/redis/cloudflare";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Order, createBuyer } from "../buying.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createSeller } from "../selling.ts";
import { type Answer, type ShopClient, createShopClient } from "../shop-client.ts";

/** Wrong passwords of one account that pass from one network while they are counted by a Durable Object. */
const attemptsMax = 10;

const patience = { timeout: 60_000, interval: 250 };

let stack: OwnStack;
let shop: ShopClient;
beforeAll(async () => {
  stack = await startOwnStack();
  shop = createShopClient(stack.addresses.api);
});
afterAll(() => stack.end());

function logIn(email: string, password: string): Promise<Answer> {
  return shop.request("/auth/login", { method: "POST", json: { email, password } });
}

const RedisStats = z.object({ commands: z.record(z.string(), z.int()) });
/** Somebody who asks after so long has to wait until it is known what was announced meanwhile. */
const silenceMs = 2_500;

test("what another isolate announces is shown to the first who asks after a silence, at a look a second", async () => {
  const { api, services } = stack.addresses;
  const { productId } = await createSeller(api).stockVariant(5);
  const titleNow = async () =>
    (await shop.request(`/products/${productId}`)).as(z.object({ title: z.string() })).title;
  const before = await titleNow();

  await fetch(`${services.redis}/_local/stats/reset`, { method: "POST" });
  const startedAt = Date.now();
  while (Date.now() - startedAt < silenceMs) expect(await titleNow()).toBe(before);
  const { commands } = RedisStats.parse(await (await fetch(`${services.redis}/_local/stats`)).json());
  expect(commands["XRANGE"] ?? 0).toBeGreaterThan(0);
  expect(commands["XRANGE"] ?? 0).toBeLessThanOrEqual((Date.now() - startedAt) / 1_000 + 1);

  const database = new Client({ connectionString: services.postgres });
  await database.connect();
  await database.query("update products set title = 'Changed elsewhere' where id = $1", [productId]);
  await database.end();
  const cache = new Redis({ url: services.redis, token: LOCAL_CREDENTIALS.redisToken });
  await cache.del(`catalog:2:product:${productId}`);
  await sleep(silenceMs);
  await cache.xadd("catalog:1:changes", "*", { products: `${productId}=9` });
  expect(await titleNow()).toBe("Changed elsewhere");
});

test("while the cache is away the shop is not ready, yet sells, and wrong passwords are limited", async () => {
  const { api, services } = stack.addresses;
  const { productId, variantId } = await createSeller(api).stockVariant(5);
  await stack.kill("redis", "SIGKILL");

  const unready = await shop.request("/ready");
  expect(unready.status).toBe(503);
  expect(unready.body).toMatchObject({
    status: "unavailable",
    dependencies: { cache: { status: "down" }, database_primary: { status: "up" } },
  });
  expect(JSON.stringify(unready.body)).not.toContain("127.0.0.1");
  expect((await shop.request("/health")).status).toBe(200);

  expect((await shop.request(`/products/${productId}`)).status).toBe(200);
  const owner = await shop.registerCustomer();
  expect((await logIn(owner.email, owner.password)).status).toBe(200);
  const buyer = createBuyer({ api, stripe: services.stripe });
  const placed = await buyer.placeOrder(await buyer.fillCart({ [variantId]: 1 }));
  expect(placed.status).toBe(201);
  expect((await buyer.startPayment(placed.as(Order))).status).toBeLessThan(300);

  const victim = `${randomUUID()}@customers.example`;
  for (let attempt = 0; attempt < attemptsMax; attempt++)
    expect((await logIn(victim, "correct horse")).status).toBe(401);
  // Of what was counted in the window before, a part is forgiven.
  await expect
    .poll(() => logIn(victim, "correct horse"), patience)
    .toMatchObject({ status: 429, body: { code: "rate_limited", policy: "login-email" } });

  await stack.restart("redis");
  expect((await shop.request("/ready")).status).toBe(200);
  expect((await logIn(owner.email, owner.password)).status).toBe(200);
});

test("while cache and database are away, buyers see the catalogue as it was", async () => {
  const { productId } = await createSeller(stack.addresses.api).stockVariant(5);
  const { token } = await shop.registerCustomer();
  const paths = [`/products/${productId}`, "/products?limit=5", "/categories"];
  const calls = paths.flatMap((path) => [{}, { token }].map((caller) => ({ path, caller })));
  const read = () => Promise.all(calls.map(({ path, caller }) => shop.request(path, caller)));
  const bodiesOf = (answers: readonly Answer[]) => JSON.stringify(answers.map(({ body }) => body));
  await expect.poll(async () => bodiesOf(await read()) === bodiesOf(await read()), patience).toBe(true);
  const before = await read();

  await stack.kill("redis", "SIGKILL");
  await stack.kill("neon", "SIGKILL");
  // A signed-in buyer is not served at the door; once what was read is old, the database is asked in vain.
  await expect
    .poll(async () => databaseCallsOf(await shop.request(`/products/${productId}`, { token })), patience)
    .toBeGreaterThan(0);
  const during = await read();
  expect(during.map(({ status }) => status)).toEqual(during.map(() => 200));
  expect(bodiesOf(during)).toBe(bodiesOf(before));
  expect((await shop.request(`/products/${productId.replace("prd_", "prd_7")}`)).status).toBe(503);

  await stack.restart("neon");
  await stack.restart("redis");
  await expect.poll(async () => (await shop.request("/ready")).status, patience).toBe(200);
});

function databaseCallsOf({ status, headers }: Answer): number {
  expect(status).toBe(200);
  return Number(/database;desc="(\d+)"/.exec(headers.get("server-timing") ?? "")?.[1]);
}
