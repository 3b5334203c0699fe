import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { makeAdmin } from "#local/make-admin";
import { createBuyer, type Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, request, stack } from "../../stack.ts";
import { SignedIn, logIn, refresh, registered, sessionIdOf, sql } from "../auth/account.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

/** Beyond this a refund of the shared stack's shop asks for a fresh proof, in cents. */
const limit = 50_000;

async function paidOrder(price: number): Promise<Order> {
  const { variantId } = await seller.stockVariant(3, price);
  const order = await buyer.order({ [variantId]: 1 });
  await buyer.authorise(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), {
    timeout: 25_000,
    interval: 200,
  });
  return order;
}

function refund(order: Order, token: string, amount: number, key: string = randomUUID()) {
  return request(`/admin/orders/${order.id}/refunds`, {
    method: "POST",
    token,
    json: { amount, restock: false },
    headers: { "idempotency-key": key },
  });
}

/** An admin whose proof is an hour old, and the way to a fresh one. */
async function adminOfAnHourAgo() {
  const { account } = await registered();
  await makeAdmin(services.postgres, account.email);
  const session = (await logIn(account.email, account.password)).as(SignedIn);
  await sql(
    "update sessions set authenticated_at = now() - interval '1 hour' where id = $1",
    sessionIdOf(session),
  );
  const { access_token: token } = (await refresh(session.refresh_token)).as(SignedIn);
  const stepUp = async () => {
    const answer = await request("/auth/step-up", {
      method: "POST",
      token,
      json: { password: account.password },
    });
    return answer.as(z.object({ access_token: z.string() })).access_token;
  };
  return { token, stepUp };
}

test("a refund beyond the shop's limit asks for a fresh proof, also when it comes in parts", async () => {
  const [order, { token, stepUp }] = await Promise.all([paidOrder(2 * limit), adminOfAnHourAgo()]);
  expect((await refund(order, token, limit)).status).toBe(201);
  const key = randomUUID();
  const refused = await refund(order, token, 1, key);
  expect(refused).toMatchObject({ status: 401, body: { code: "step_up_required", max_age: 600 } });
  expect(refused.headers.get("www-authenticate")).toContain("insufficient_user_authentication");
  const given = await refund(order, await stepUp(), 1, key);
  expect(given.status).toBe(201);
  // What was given is answered again, whatever the proof.
  const repeated = await refund(order, token, 1, key);
  expect(repeated).toMatchObject({ status: 201, body: given.body });
});

test("a program gives refunds up to the limit and none beyond", async () => {
  const order = await paidOrder(2 * limit);
  const json = { name: randomUUID(), permissions: ["payments:refund"] };
  const made = await request("/admin/api-keys", { method: "POST", token: await adminToken(), json });
  const { key } = made.as(z.object({ key: z.string() }));
  expect((await refund(order, key, limit)).status).toBe(201);
  expect(await refund(order, key, 1)).toMatchObject({ status: 403, body: { code: "forbidden" } });
});
