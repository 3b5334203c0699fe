import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { inDatabase } from "../../in-database.ts";
import { type Answer, adminToken, costOf, request } from "../../stack.ts";

const Shown = z.object({
  id: z.string(),
  key: z.string(),
  hint: z.string(),
  expires_at: z.string().nullable(),
});
const invalid = { status: 401, body: { code: "invalid_token" } };

let admin: string;
beforeAll(async () => {
  admin = await adminToken();
});

async function createKey(permissions: readonly string[], more: Record<string, unknown> = {}) {
  const json = { name: randomUUID(), permissions, ...more };
  return (await request("/admin/api-keys", { method: "POST", token: admin, json })).as(Shown);
}

function listOrders(key: string): Promise<Answer> {
  return request("/admin/orders", { token: key });
}

test("a key opens what its permissions say and nothing else", async () => {
  const { key } = await createKey(["orders:read"]);
  expect(key).toMatch(/^tw_live_[0-9a-z]{60}$/);
  expect((await listOrders(key)).status).toBe(200);
  expect(await request("/admin/disputes", { token: key })).toMatchObject({
    status: 403,
    body: { code: "forbidden" },
  });
  expect((await request("/orders", { token: key })).status).toBe(401);
});

test("the key itself is kept nowhere, and a typing error costs no question to the database", async () => {
  const { id, key, hint } = await createKey(["orders:read"]);
  const rows = await inDatabase("select to_jsonb(api_keys)::text as kept from api_keys where id = $1", [id]);
  expect(JSON.stringify(rows)).not.toContain(key.slice(8, 60));
  expect(key.endsWith(hint)).toBe(true);
  const mistyped = await listOrders(key.replace(/.$/, (letter) => (letter === "0" ? "1" : "0")));
  expect(mistyped).toMatchObject(invalid);
  expect(costOf(mistyped).databaseCalls).toBe(0);
});

test("a revoked key is dead at once, and so is an expired one", async () => {
  const [revoked, expired] = await Promise.all([createKey(["orders:read"]), createKey(["orders:read"])]);
  expect((await listOrders(revoked.key)).status).toBe(200);
  await request(`/admin/api-keys/${revoked.id}`, { method: "DELETE", token: admin });
  await inDatabase("update api_keys set expires_at = now() where id = $1", [expired.id]);
  expect(await listOrders(revoked.key)).toMatchObject(invalid);
  expect(await listOrders(expired.key)).toMatchObject(invalid);
});

test("a rotated key stays good for the overlap, and is replaced once", async () => {
  const old = await createKey(["orders:read"]);
  const rotate = (overlap: number) =>
    request(`/admin/api-keys/${old.id}/rotate`, {
      method: "POST",
      token: admin,
      json: { overlap_seconds: overlap },
    });
  const answers = await Promise.all([rotate(600), rotate(600)]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  const successor = answers.find(({ status }) => status === 201)?.as(Shown);
  expect((await listOrders(old.key)).status).toBe(200);
  expect((await listOrders(successor?.key ?? "")).status).toBe(200);
  await inDatabase("update api_keys set expires_at = expires_at - interval '601 seconds' where id = $1", [
    old.id,
  ]);
  expect(await listOrders(old.key)).toMatchObject(invalid);
});

test("a key that is rotated without a word stays good for a day", async () => {
  const old = await createKey(["orders:read"]);
  expect((await request(`/admin/api-keys/${old.id}/rotate`, { method: "POST", token: admin })).status).toBe(
    201,
  );
  const [row] = await inDatabase(
    "select expires_at between now() + interval '23 hours' and now() + interval '1 day' as in_a_day from api_keys where id = $1",
    [old.id],
  );
  expect(row).toEqual({ in_a_day: true });
});

test("the last use is noted, once a minute at most", async () => {
  const { id, key } = await createKey(["orders:read"]);
  const lastUse = async () => {
    const [row] = await inDatabase("select last_used_at::text as used from api_keys where id = $1", [id]);
    return z.object({ used: z.string().nullable() }).parse(row).used;
  };
  expect(await lastUse()).toBeNull();
  await listOrders(key);
  const first = await lastUse();
  expect(first).not.toBeNull();
  await listOrders(key);
  expect(await lastUse()).toBe(first);
});

test("no key makes keys or appoints staff, and none is born expired", async () => {
  const refused = await Promise.all(
    [
      { name: "k", permissions: ["api_keys:manage"] },
      { name: "k", permissions: ["staff:manage"] },
      { name: "k", permissions: ["orders:read"], expires_at: "2020-01-01T00:00:00Z" },
    ].map((json) => request("/admin/api-keys", { method: "POST", token: admin, json })),
  );
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400]);
});

test("what a key may send is counted by the key, wherever it is used", async () => {
  const [{ key }, other] = await Promise.all([createKey(["orders:read"]), createKey(["orders:read"])]);
  const leftOf = ({ headers }: Answer) =>
    Number(/^"account";r=(\d+);/.exec(headers.get("ratelimit") ?? "")?.[1]);
  const first = leftOf(await listOrders(key));
  const second = leftOf(await listOrders(key));
  expect(second).toBe(first - 1);
  expect(leftOf(await listOrders(other.key))).toBe(first);
});
