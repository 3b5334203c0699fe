import { randomUUID } from "node:crypto";
import { Meilisearch } from "meilisearch";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { Order, createBuyer } from "../buying.ts";
import { costOf } from "../costs.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createSeller } from "../selling.ts";
import { type Answer, type ShopClient, createShopClient } from "../shop-client.ts";

const patience = { timeout: 60_000, interval: 200 };
const Found = z.object({
  data: z.array(z.object({ id: z.string(), title: z.string() })),
  total: z.int(),
  took_ms: z.int(),
  degraded: z.boolean(),
});

let stack: OwnStack;
let shop: ShopClient;

beforeAll(async () => {
  stack = await startOwnStack();
  shop = createShopClient(stack.addresses.api);
});

afterAll(() => stack.end());

/** The search server as the tests want it: slow, failing or behind. */
async function setFaults(faults: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${stack.addresses.services.search}/_simulator/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(faults),
  });
  expect(response.status).toBe(200);
}

async function search(query: Record<string, string>): Promise<z.infer<typeof Found>> {
  return (await shop.request(`/search?${new URLSearchParams(query).toString()}`)).as(Found);
}

async function createProduct(title: string, sku: string = randomUUID()): Promise<string> {
  const json = { title, status: "active", variants: [{ sku, price: 1_999, initial_quantity: 20 }] };
  const token = await shop.adminToken();
  const answer = await shop.request("/admin/products", { method: "POST", token, json });
  return answer.as(z.object({ id: z.string() })).id;
}

test("while the search server fails, the database answers; afterwards the backlog is indexed", async () => {
  const before = await createProduct("Lantern 100% bright");
  await vi.waitFor(async () => {
    expect(await search({ q: "lantern" })).toMatchObject({ degraded: false, data: [{ id: before }] });
  }, patience);

  await setFaults({ fail_rate: 1 });
  const during = await createProduct("Lantern in the dark");
  await vi.waitFor(async () => {
    const found = await search({ q: "LANTERN", sort: "newest" });
    expect(found).toMatchObject({ degraded: true, total: 2, data: [{ id: during }, { id: before }] });
  }, patience);
  for (const slip of ["lantren", "in the darrk", "LANTEN bright"])
    expect((await search({ q: slip })).data[0], slip).toMatchObject({
      title: expect.stringContaining("Lantern"),
    });
  expect(await search({ q: "lantren", price_max: "100" })).toMatchObject({ total: 0 });
  expect(await search({ q: "lantern 101" })).toMatchObject({ total: 0 });
  expect(await search({ q: "zeppelin" })).toMatchObject({ total: 0 });
  expect(await search({ q: "100%" })).toMatchObject({ total: 1, data: [{ id: before }] });
  expect(await search({ q: "lantern", price_max: "100" })).toMatchObject({ total: 0 });
  expect(await search({ q: "lantern", limit: "1", page: "2" })).toMatchObject({ total: 2 });

  const token = await shop.adminToken();
  for (const path of ["/admin/search/rebuild", "/admin/search/check"])
    expect(await shop.request(path, { method: "POST", token })).toMatchObject({
      status: 503,
      body: { code: "dependency_unavailable" },
    });

  await setFaults({ fail_rate: 0 });
  await vi.waitFor(async () => {
    expect(await search({ q: "lantern" })).toMatchObject({ degraded: false, total: 2 });
  }, patience);
});

const Rebuild = z.object({
  running: z.object({ indexed: z.int() }).nullable(),
  last: z.object({ id: z.string(), outcome: z.string() }).nullable(),
});

async function readRebuild(): Promise<z.infer<typeof Rebuild>> {
  return (await shop.request("/admin/search/rebuild", { token: await shop.adminToken() })).as(Rebuild);
}

async function noRebuildRuns(): Promise<void> {
  await vi.waitFor(async () => expect((await readRebuild()).running).toBeNull(), patience);
}

test("what changes between the pages of a rebuild and its swap is in the new index", async () => {
  const kept = await createProduct("Compass of brass");
  const dropped = await createProduct("Compass of tin");
  await vi.waitFor(async () => expect(await search({ q: "compass" })).toMatchObject({ total: 2 }), patience);
  await noRebuildRuns();

  await setFaults({ paused_tasks: true });
  const token = await shop.adminToken();
  const before = (await readRebuild()).last;
  const started = await shop.request("/admin/search/rebuild", { method: "POST", token });
  expect(started.status).toBe(202);
  await vi.waitFor(async () => expect((await readRebuild()).running?.indexed).toBeGreaterThan(2), patience);
  const added = await createProduct("Compass of silver");
  const archived = await shop.request(`/admin/products/${dropped}`, {
    method: "DELETE",
    token,
    headers: { "if-match": '"v1"' },
  });
  expect(archived.status).toBeLessThan(300);
  await setFaults({ paused_tasks: false });

  await noRebuildRuns();
  const { last } = await readRebuild();
  expect(last?.outcome).toBe("finished");
  expect(last?.id).not.toBe(before?.id);
  await vi.waitFor(async () => {
    const found = await search({ q: "compass", sort: "newest" });
    expect(found.data.map(({ id }) => id)).toEqual([added, kept]);
  }, patience);
});

function meilisearch(): Meilisearch {
  return new Meilisearch({
    host: stack.addresses.services.search,
    apiKey: LOCAL_CREDENTIALS.searchApiKey,
    // Its tasks wait behind those of others.
    defaultWaitOptions: { timeout: 50_000 },
  });
}

async function documentWrites(): Promise<number> {
  const { total } = await meilisearch().tasks.getTasks({
    indexUids: ["products"],
    types: ["documentAdditionOrUpdate"],
    limit: 1,
  });
  return total;
}

const Hits = z.object({
  data: z.array(z.object({ variants: z.array(z.object({ available: z.int().nullable() })) })),
});

test("results show every unit sold, while the index hears of stock when it becomes low or runs out", async () => {
  const sku = randomUUID();
  await createProduct("Sextant", sku);
  const shrink = async (quantity: number): Promise<void> => {
    const answer = await shop.request(`/admin/inventory/${sku}/adjustments`, {
      method: "POST",
      token: await shop.adminToken(),
      headers: { "idempotency-key": randomUUID() },
      json: { kind: "shrink", quantity, reason: "lost" },
    });
    expect(answer.status).toBe(201);
  };
  const availableInIndex = async (): Promise<unknown> => {
    const { hits } = await meilisearch().index("products").search("sextant");
    return hits[0]?.["available"];
  };
  const availableInResults = async (): Promise<number | null | undefined> => {
    const found = (await shop.request("/search?q=sextant")).as(Hits);
    return found.data[0]?.variants[0]?.available;
  };
  await noRebuildRuns();
  await vi.waitFor(async () => expect(await availableInIndex()).toBe(20), patience);

  const writesBefore = await documentWrites();
  for (const left of [19, 18, 17]) {
    await shrink(1);
    await vi.waitFor(async () => expect(await availableInResults()).toBe(left), patience);
  }
  expect(await documentWrites()).toBe(writesBefore);
  expect(await availableInIndex()).toBe(20);
  await shrink(13);
  await vi.waitFor(async () => expect(await availableInIndex()).toBe(4), patience);
});

test("a write that Meilisearch accepted and then dropped is noticed and written again", async () => {
  await noRebuildRuns();
  await setFaults({ paused_tasks: true });
  const dropped = await createProduct("Barometer");
  const write = await vi.waitFor(async () => {
    const { results } = await meilisearch().tasks.getTasks({ statuses: ["enqueued"] });
    const task = results.find(({ type }) => type === "documentAdditionOrUpdate");
    if (task === undefined) throw new Error("the write is not enqueued yet");
    return task;
  }, patience);
  await meilisearch().tasks.cancelTasks({ uids: [write.uid] });
  await setFaults({ paused_tasks: false });
  await vi.waitFor(async () => {
    expect((await meilisearch().tasks.getTask(write.uid)).status).toBe("canceled");
    expect(await search({ q: "barometer" })).toMatchObject({ data: [{ id: dropped }] });
  }, patience);
});

test("a comparison that finds the index gone has it made again, and asks for a moment's patience", async () => {
  const lost = await createProduct("Theodolite");
  const isFound = async () =>
    expect(await search({ q: "theodolite" })).toMatchObject({ degraded: false, data: [{ id: lost }] });
  await vi.waitFor(isFound, patience);
  await noRebuildRuns();
  await meilisearch().deleteIndex("products").waitTask();
  const token = await shop.adminToken();
  const answers: number[] = [];
  await vi.waitFor(async () => {
    const compared = await shop.request("/admin/search/check", { method: "POST", token });
    answers.push(compared.status);
    expect(compared).toMatchObject({ status: 200, body: { buckets: 33 } });
  }, patience);
  expect(answers.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  await vi.waitFor(isFound, patience);
});

const Backlog = z.object({ told: z.boolean().nullable(), waiting: z.coerce.number() });

test("an order is told of while thousands of products wait for a slow search server", async () => {
  const database = new Client({ connectionString: stack.addresses.services.postgres });
  await database.connect();
  try {
    const { api, services } = stack.addresses;
    const { variantId } = await createSeller(api).stockVariant(5);
    const buyer = createBuyer({ api, stripe: services.stripe });
    const cart = await buyer.fillCart({ [variantId]: 1 });
    await setFaults({ delay_ms: 4_000 });
    await database.query(`
      insert into outbox (id, type, subject, payload)
      select 'evt_' || left(replace(gen_random_uuid()::text, '-', ''), 26), 'product.changed', 'prd_' || number,
        jsonb_build_object('product_id', 'prd_' || number, 'version', 1)
      from generate_series(1, 4000) as number`);
    const order = (await buyer.placeOrder(cart)).as(Order);
    const backlog = await vi.waitFor(async () => {
      const { rows } = await database.query(
        `select (select delivered_at is not null from outbox where type = 'order.placed' and subject = $1) as told,
           (select count(*) from outbox where type = 'product.changed' and delivered_at is null) as waiting`,
        [order.id],
      );
      const found = Backlog.parse(rows[0]);
      expect(found.told).toBe(true);
      return found;
    }, patience);
    expect(backlog.waiting).toBeGreaterThan(0);
    await setFaults({ delay_ms: 0 });
    await vi.waitFor(async () => {
      const { rowCount } = await database.query(
        "select from outbox where type = 'product.changed' and delivered_at is null limit 1",
      );
      expect(rowCount).toBe(0);
    }, patience);
  } finally {
    await setFaults({ delay_ms: 0 });
    await database.end();
  }
});

const Suggested = z.object({ products: z.array(z.object({ title: z.string() })), degraded: z.boolean() });

/** Statements of the requests that these answers belong to; readings of products come from memory or Redis. */
function databaseCallsOf(answers: readonly Answer[]): number {
  return answers.reduce((sum, answer) => sum + costOf(answer).databaseCalls, 0);
}

test("many who ask the same while the index is away share one statement, and its answer for a moment", async () => {
  await createProduct("Tripod of oak");
  await vi.waitFor(async () => expect(await search({ q: "tripod" })).toMatchObject({ total: 1 }), patience);
  await setFaults({ fail_rate: 1 });
  for (const path of ["/search?q=tripod&sort=newest", "/search/suggest?q=tripo"]) {
    const askAll = () => Promise.all(Array.from({ length: 40 }, () => shop.request(path)));
    const answers = await askAll();
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers[0]?.body).toMatchObject({ degraded: true });
    // On a busy machine the moment may pass meanwhile.
    expect(databaseCallsOf([...answers, ...(await askAll())])).toBeLessThanOrEqual(2);
  }
  const suggested = (await shop.request("/search/suggest?q=trip&limit=3")).as(Suggested);
  expect(suggested).toMatchObject({ degraded: true, products: [{ title: "Tripod of oak" }] });
  await setFaults({ fail_rate: 0 });
  await vi.waitFor(async () => {
    expect((await shop.request("/search/suggest?q=tri")).as(Suggested).degraded).toBe(false);
  }, patience);
});

const Requests = z.object({ requests: z.record(z.string(), z.int()) });

async function searchesAsked(): Promise<number> {
  const response = await fetch(`${stack.addresses.services.search}/_local/stats`);
  const { requests } = Requests.parse(await response.json());
  return requests["POST /multi-search"] ?? 0;
}

test("a search server that hangs is waited for by few, and asked again when it answers", async () => {
  await setFaults({ delay_ms: 20_000 });
  const found = await search({ q: "lantern" });
  expect(found).toMatchObject({ degraded: true, total: 2 });
  expect(found.took_ms).toBeLessThan(5_000);
  await Promise.all(["a", "b", "c"].map((sort) => search({ q: `lantern ${sort}` })));
  const askedBefore = await searchesAsked();
  const words = Array.from({ length: 30 }, (_, number) => `lantern ${number}`);
  const answers = await Promise.all(words.map((q) => search({ q })));
  expect(answers.map(({ degraded }) => degraded)).toEqual(words.map(() => true));
  expect((await searchesAsked()) - askedBefore).toBeLessThan(words.length / 3);
  await setFaults({ delay_ms: 0 });
  await vi.waitFor(async () => {
    expect(await search({ q: "lantern" })).toMatchObject({ degraded: false, total: 2 });
  }, patience);
});
