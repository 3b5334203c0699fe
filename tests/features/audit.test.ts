import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { type ChainedEntry, followChain } from "#core/audit-chain";
import { permissions } from "#core/permissions";
import { routeAccess } from "#http/route-access";
import { inDatabase } from "../in-database.ts";
import { createSeller } from "../selling.ts";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";

const seller = createSeller(stack().api);

const Page = z.object({
  data: z.array(
    z.object({
      sequence: z.int(),
      previous_hash: z.string(),
      hash: z.string(),
      content: z.string().transform((text) => Content.parse(JSON.parse(text))),
    }),
  ),
  next_cursor: z.string().nullable(),
});
const Content = z.object({
  kind: z.enum(["act", "outcome"]),
  request_id: z.string(),
  action: z.string(),
  actor: z.string(),
  subject: z.record(z.string(), z.string()).optional(),
  input: z.unknown().optional(),
  of: z.int().optional(),
  status: z.int().optional(),
  code: z.string().optional(),
});
const Raw = z.object({
  data: z.array(
    z.object({ sequence: z.int(), previous_hash: z.string(), hash: z.string(), content: z.string() }),
  ),
});

/** Pages of a hundred; what other tests do meanwhile is in the log, too. */
const pagesMax = 10;

/** The entries of one request, the oldest first. */
async function entriesOf(requestId: string, token: string) {
  const entries: z.infer<typeof Page>["data"] = [];
  let path = "/admin/audit?limit=100";
  for (let pages = 0; pages < pagesMax; pages++) {
    const { data, next_cursor: next } = (await request(path, { token })).as(Page);
    entries.push(...data);
    if (next === null) break;
    path = `/admin/audit?limit=100&after=${encodeURIComponent(next)}`;
  }
  return entries
    .filter(({ content }) => content.request_id === requestId)
    .map(({ sequence, content }) => ({ sequence, ...content }))
    .toReversed();
}

const receive = (quantity: number) => ({ kind: "receive", quantity, reason: "delivery 17" });

test("an act of an admin is written down before it is done, and again when it has been answered", async () => {
  const token = await adminToken();
  const { sku } = await seller.stockVariant(1);
  const requestId = randomUUID();
  const answer = await request(`/admin/inventory/${sku}/adjustments`, {
    method: "POST",
    token,
    json: receive(5),
    headers: { "request-id": requestId, "idempotency-key": randomUUID() },
  });
  expect(answer.status).toBe(201);
  const [act, outcome] = await entriesOf(requestId, token);
  expect(act).toMatchObject({ kind: "act", action: "POST /admin/inventory/:sku/adjustments" });
  expect(act).toMatchObject({ subject: { sku }, input: receive(5) });
  expect(outcome).toMatchObject({ kind: "outcome", of: act?.sequence, status: 201, actor: act?.actor });
});

test("a refused act is there with its error's code, and reading leaves no entry", async () => {
  const token = await adminToken();
  const [refused, read] = [randomUUID(), randomUUID()];
  await request("/admin/inventory/NO-SUCH-SKU/adjustments", {
    method: "POST",
    token,
    json: { kind: "receive", quantity: -5, reason: "x" },
    headers: { "request-id": refused, "idempotency-key": randomUUID() },
  });
  await request("/admin/orders", { token, headers: { "request-id": read } });
  const [, outcome] = await entriesOf(refused, token);
  expect(outcome).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await entriesOf(read, token)).toEqual([]);
});

test("acts at the same moment form one chain, which the pages of the API prove", async () => {
  const token = await adminToken();
  const { sku } = await seller.stockVariant(1);
  await Promise.all(
    Array.from({ length: 8 }, () =>
      request(`/admin/inventory/${sku}/adjustments`, {
        method: "POST",
        token,
        json: receive(1),
        headers: { "idempotency-key": randomUUID() },
      }),
    ),
  );
  const { data } = (await request("/admin/audit?limit=50", { token })).as(Raw);
  const entries: ChainedEntry[] = data
    .toReversed()
    .map(({ previous_hash: previousHash, ...entry }) => ({ ...entry, previousHash }));
  const [oldest] = entries;
  if (oldest === undefined) throw new Error("the log should have entries");
  const before = { sequence: oldest.sequence - 1, hash: oldest.previousHash };
  const { sequence, hash } = entries.at(-1) ?? oldest;
  expect(await followChain(before, entries)).toEqual({ head: { sequence, hash } });
});

test("only staff see the log", async () => {
  const { token } = await registerCustomer();
  expect((await request("/admin/audit", { token })).status).toBe(403);
  expect((await request("/admin/audit/head", { token })).status).toBe(403);
});

test("every write of the staff is written down, whatever becomes of it", { timeout: 120_000 }, async () => {
  const token = await adminToken();
  const writes = Object.entries(routeAccess).filter(
    ([route, access]) => access in permissions && !route.startsWith("GET "),
  );
  expect(writes.length).toBeGreaterThan(30);
  const requestIds = new Map(writes.map(([route]) => [route, randomUUID()]));
  for (const [route, requestId] of requestIds) {
    const [method = "", path = ""] = route.split(" ");
    // A key that is too long is refused after the audit, so that nothing is done to the shop of the other tests.
    const headers = { "request-id": requestId, "idempotency-key": "x".repeat(256) };
    await request(path.replaceAll(/\{\w+\}/g, "none"), { method, token, headers });
  }
  const rows = await inDatabase(
    `select content::jsonb ->> 'request_id' as id, action from audit_entries where content::jsonb ->> 'kind' = 'act'
       and content::jsonb ->> 'request_id' = any ($1)`,
    [[...requestIds.values()]],
  );
  const acts = z.array(z.object({ id: z.string(), action: z.string() })).parse(rows);
  const missing = [...requestIds].filter(([, requestId]) => !acts.some(({ id }) => id === requestId));
  expect(missing.map(([route]) => route)).toEqual([]);
  for (const { id, action } of acts) expect(requestIds.get(action.replaceAll(/:(\w+)/g, "{$1}"))).toBe(id);
});
