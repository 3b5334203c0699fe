import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { inDatabase } from "../in-database.ts";
import { request } from "../stack.ts";
import { repeatableCalls, send } from "./idempotent-calls.ts";

const Problem = z.object({ code: z.string() });
const Parameter = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().optional() });
const Described = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ parameters: z.array(Parameter).optional() })),
  ),
});

/** The writes of the description, and whether they take or need a key. */
async function describedWrites() {
  const { paths } = (await request("/openapi.json")).as(Described);
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== "get")
      .map(([method, { parameters = [] }]) => {
        const header = parameters.find(({ name }) => name.toLowerCase() === "idempotency-key");
        const key = header === undefined ? "none" : header.required === true ? "needed" : "taken";
        return { route: `${method.toUpperCase()} ${path}`, key };
      }),
  );
}

/** Writes without the header, and why. */
const withoutKey: readonly { route: RegExp; reason: string }[] = [
  { route: /^POST \/(jobs|webhooks)\//, reason: "the queue and the providers name each delivery themselves" },
  {
    route: /^POST \/live\/ticket$/,
    reason: "a ticket is good once and for seconds; a second one does no harm",
  },
  {
    route: /^[A-Z]+ \/auth\//,
    reason: "answers carry secrets that are never stored, or a repetition finds the state that it asks for",
  },
  {
    route: /^POST \/cart\/merge$/,
    reason: "the greater quantity of both carts stays, however often they are merged",
  },
  {
    route: /^[A-Z]+ \/(admin\/(staff|roles|search\/synonyms)|customers\/me\/addresses)\/\{id\}$/,
    reason: "If-Match lets a change of one version through once",
  },
  {
    route: /^[A-Z]+ \/admin\/api-keys/,
    reason: "answers carry the key, which is never stored; a key that is gone stays gone",
  },
  {
    route: /^DELETE \/admin\/customers\/\{id\}\/sessions$/,
    reason: "a session that has ended stays ended",
  },
  { route: /^DELETE \/customers\/me$/, reason: "a repetition finds that the account is gone" },
  { route: /^POST \/admin\/products\/import$/, reason: "the body is streamed, and rows are found by handle" },
];

/** Writes with the header that their own features' tests try, or that are about the whole shop. */
const triedElsewhere = [
  "POST /admin/products/bulk",
  "POST /products/{id}/reviews",
  "PATCH /reviews/{id}",
  "DELETE /reviews/{id}",
  "PATCH /admin/reviews/{id}",
  "POST /auth/register",
  "POST /admin/search/rebuild",
  "POST /admin/search/check",
  "POST /admin/inventory/reconcile",
  "POST /admin/reconciliation",
  "POST /admin/payment-differences/{id}/close",
  "POST /admin/dead-letters/{id}/replay",
];

const needed =
  /^POST (\/orders|\/payment\/\w+|\/admin\/orders\/\{id\}\/refunds|\/admin\/inventory\/\{sku\}\/adjustments|.*\/returns(\/\{id\}\/\w+)?)$/;

test("every write takes a key, or has a named reason not to; those that move money, stock or goods need one", async () => {
  const writes = await describedWrites();
  const keyless = writes.filter(({ key }) => key === "none").map(({ route }) => route);
  expect(keyless.filter((route) => !withoutKey.some((each) => each.route.test(route)))).toEqual([]);
  expect(writes.filter(({ key }) => key === "needed").map(({ route }) => route)).toEqual(
    writes.filter(({ route }) => needed.test(route)).map(({ route }) => route),
  );
});

test("every write that takes a key is tried here or elsewhere", async () => {
  const keyed = (await describedWrites()).filter(({ key }) => key !== "none").map(({ route }) => route);
  const tried = [...Object.keys(repeatableCalls), ...triedElsewhere];
  expect(keyed.filter((route) => !tried.includes(route))).toEqual([]);
  expect(tried.filter((route) => !keyed.includes(route))).toEqual([]);
});

test.concurrent.each(Object.keys(repeatableCalls))("%s: once per key", async (route) => {
  const call = await repeatableCalls[route]?.();
  if (call === undefined) throw new Error(`${route} is not in the table`);
  if (needed.test(route))
    expect((await send(route, call, "")).as(Problem).code).toBe("idempotency_key_required");
  const key = randomUUID();
  const first = await send(route, call, key);
  expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  const second = await send(route, call, key);
  expect(second.status).toBe(first.status);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  if (call.other === undefined) return;
  const other = await send(route, call, key, call.other);
  expect(other.status).toBe(422);
  expect(other.as(Problem).code).toBe("idempotency_key_reused");
});

test("twins of a running request wait, and a refusal leaves the key free", async () => {
  const route = "POST /admin/products";
  const call = await repeatableCalls[route]?.();
  if (call === undefined) throw new Error("no such call");
  const key = randomUUID();
  const refused = await send(route, call, key, { ...call.json, categories: ["no-such-category"] });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(route, call, key)));
  const made = answers.filter(({ status }) => status === 201);
  expect(new Set(made.map((answer) => answer.as(z.object({ id: z.string() })).id)).size).toBe(1);
  for (const told of answers.filter(({ status }) => status !== 201)) {
    expect(told.as(Problem).code).toBe("idempotency_conflict");
    expect(Number(told.headers.get("retry-after"))).toBeGreaterThan(0);
  }
});

test("a claim that a dead request left is taken over when its time is up", async () => {
  const route = "PUT /admin/inventory/{sku}/threshold";
  const call = await repeatableCalls[route]?.();
  if (call === undefined) throw new Error("no such call");
  const key = randomUUID();
  const [{ scope, fingerprint }] = await recordedOf(route, call, key);
  const twin = randomUUID();
  const claim =
    "insert into idempotency_claims (scope, key, fingerprint, claim_id, leased_until) values ($1, $2, $3, 'dead', now() + interval '1 hour')";
  await inDatabase(claim, [scope, twin, fingerprint]);
  expect((await send(route, call, twin)).as(Problem).code).toBe("idempotency_conflict");
  expect((await send(route, call, twin, call.other)).as(Problem).code).toBe("idempotency_key_reused");
  await inDatabase(
    "update idempotency_claims set leased_until = now() - interval '1 second' where key = $1",
    [twin],
  );
  expect((await send(route, call, twin)).status).toBe(200);
  expect(await inDatabase("select 1 from idempotency_claims where key = $1", [twin])).toEqual([]);
});

async function recordedOf(
  route: string,
  call: Parameters<typeof send>[1],
  key: string,
): Promise<[{ scope: string; fingerprint: string }]> {
  await send(route, call, key);
  const rows = await inDatabase("select scope, fingerprint from idempotency_records where key = $1", [key]);
  return z.tuple([z.object({ scope: z.string(), fingerprint: z.string() })]).parse(rows);
}

test("answers are forgotten after thirty days, and not before", async () => {
  const route = "PUT /admin/inventory/{sku}/threshold";
  const call = await repeatableCalls[route]?.();
  if (call === undefined) throw new Error("no such call");
  const [old, young] = [randomUUID(), randomUUID()];
  await send(route, call, old);
  await send(route, call, young);
  const age = "update idempotency_records set created_at = now() - make_interval(days => $2) where key = $1";
  await inDatabase(age, [old, 31]);
  await inDatabase(age, [young, 29]);
  await vi.waitFor(
    async () =>
      expect(
        await inDatabase("select key from idempotency_records where key in ($1, $2)", [old, young]),
      ).toEqual([{ key: young }]),
    { timeout: 28_000, interval: 500 },
  );
});
