import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { inDatabase } from "../in-database.ts";
import { request } from "../stack.ts";
import { answeredAfterwards, withoutKey } from "./idempotency-exceptions.ts";
import { repeatableCalls, send } from "./idempotent-calls.ts";
import type { RepeatableCall } from "./idempotent-scenes.ts";

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
  expect(keyless.toSorted()).toEqual(Object.keys(withoutKey).toSorted());
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
  expect(withoutAdvice(second.body)).toEqual(withoutAdvice(first.body));
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  if (call.other !== undefined) {
    const other = await send(route, call, key, call.other);
    expect(other.status).toBe(422);
    expect(other.as(Problem).code).toBe("idempotency_key_reused");
  }
  await expectSurvivesCrash(route, call, key);
});

/** A cart shows how many there were when it was read, whoever asks again. */
function withoutAdvice(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body ?? null, (name, value: unknown) => (name === "available" ? undefined : value)),
  );
}

/** The answer was stored together with its effect, or what happens without it is known and does no harm. */
async function expectSurvivesCrash(route: string, call: RepeatableCall, key: string): Promise<void> {
  const afterwards = answeredAfterwards[route];
  if (afterwards === undefined) {
    expect(await storedTogether(key), "tables with rows of the answer's own transaction").not.toEqual([]);
    return;
  }
  await inDatabase("delete from idempotency_records where key = $1", [key]);
  expect((await send(route, call, key)).status, afterwards.reason).toBe(afterwards.again);
}

const Tables = z.array(z.object({ name: z.string() }));
const Stored = z.tuple([z.object({ xmin: z.string() })]);

/**
 * The tables, other than that of the answers, in which the transaction that stored this answer left rows. Months are
 * read with the table that they are parts of: meanwhile they come and go.
 */
async function storedTogether(key: string): Promise<string[]> {
  const [{ xmin }] = Stored.parse(
    await inDatabase("select xmin::text as xmin from idempotency_records where key = $1", [key]),
  );
  const tables = Tables.parse(
    await inDatabase(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
         and not relispartition and relname <> 'idempotency_records'`,
      [],
    ),
  );
  const queries = tables.map(
    ({ name }) => `(select '${name}' as name from "${name}" where xmin::text = $1 limit 1)`,
  );
  const found = Tables.parse(await inDatabase(queries.join(" union all "), [xmin]));
  return found.map(({ name }) => name);
}

test("what is answered afterwards is among the writes that are tried", () => {
  expect(Object.keys(answeredAfterwards).filter((route) => !(route in repeatableCalls))).toEqual([]);
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
