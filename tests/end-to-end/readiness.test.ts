import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Order, createBuyer } from "../buying.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createSeller } from "../selling.ts";
import { type Answer, type ShopClient, createShopClient } from "../shop-client.ts";

/** Wrong passwords of one account that pass from one network while they are counted by a Durable Object. */
const attemptsMax = 10;

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
  expect(await logIn(victim, "correct horse")).toMatchObject({
    status: 429,
    body: { code: "rate_limited", policy: "login-email" },
  });

  await stack.restart("redis");
  expect((await shop.request("/ready")).status).toBe(200);
  expect((await logIn(owner.email, owner.password)).status).toBe(200);
});
