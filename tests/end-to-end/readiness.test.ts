import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { type ShopClient, createShopClient } from "../shop-client.ts";

let stack: OwnStack;
let shop: ShopClient;
beforeAll(async () => {
  stack = await startOwnStack();
  shop = createShopClient(stack.addresses.api);
});
afterAll(() => stack.end());

test("while the cache is away the shop is not ready, nobody may try passwords, and it comes back by itself", async () => {
  await stack.kill("redis", "SIGKILL");
  const unready = await shop.request("/ready");
  expect(unready.status).toBe(503);
  expect(unready.body).toMatchObject({
    status: "unavailable",
    dependencies: { cache: { status: "down" }, database_primary: { status: "up" } },
  });
  expect(JSON.stringify(unready.body)).not.toContain("127.0.0.1");

  const json = { email: "ada@example.com", password: "correct horse" };
  const refused = await shop.request("/auth/login", { method: "POST", json });
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({ code: "dependency_unavailable", retryable: true });
  expect((await shop.request("/health")).status).toBe(200);

  await stack.restart("redis");
  expect((await shop.request("/ready")).status).toBe(200);
  expect((await shop.request("/auth/login", { method: "POST", json })).status).toBe(401);
});
