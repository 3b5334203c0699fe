import { Meilisearch } from "meilisearch";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { documentShape } from "#search-sync/stamp";
import { createProduct, uniqueWord } from "../features/catalog/catalog-client.ts";
import { expectFound, search } from "../features/search/search-client.ts";
import { inDatabase } from "../in-database.ts";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";

const Status = z.object({
  reachable: z.boolean(),
  products: z.int(),
  documents: z.int().nullable(),
  lag_seconds: z.number(),
  backlog: z.object({ events: z.int(), oldest_seconds: z.number(), tasks: z.int().nullable() }),
  canary: z.object({ seconds: z.number().nullable(), waiting_seconds: z.number() }),
  drift: z.object({ checked_at: z.iso.datetime().nullable(), repaired: z.int() }),
});
const Report = z.object({ buckets: z.int(), products: z.int(), waiting: z.int(), repaired: z.int() });

const index = new Meilisearch({
  host: stack().services.search,
  apiKey: LOCAL_CREDENTIALS.searchApiKey,
  // Its tasks wait behind those of others.
  defaultWaitOptions: { timeout: 50_000 },
}).index("products");
const patience = { timeout: 25_000, interval: 200 };

async function status(): Promise<z.infer<typeof Status>> {
  return (await request("/admin/search/status", { token: await adminToken() })).as(Status);
}

async function check(): Promise<z.infer<typeof Report>> {
  return (await request("/admin/search/check", { method: "POST", token: await adminToken() })).as(Report);
}

async function indexedTitle(id: string): Promise<string | undefined> {
  const { results } = await index.getDocuments({ ids: [id], fields: ["title"] });
  return z.array(z.object({ title: z.string() })).parse(results)[0]?.title;
}

test("what the index lost, what it kept by mistake and what is out of date is found and put right", async () => {
  const word = uniqueWord();
  const products = await Promise.all(
    ["lost", "old", "whole"].map((title) =>
      createProduct({
        title: `${title} ${word}`,
        variants: [{ sku: `${title}-${word}`, price: 100, initial_quantity: 9 }],
      }),
    ),
  );
  const ids = products.map(({ id }) => id);
  const [lost = "", old = ""] = ids;
  await expectFound({ q: word, in_stock: "true" }, ids);
  // A rebuild of another test may put it right first: then it is spoilt again.
  await vi.waitFor(async () => {
    const before = (await status()).drift.repaired;
    await spoil(word, { lost, old });
    await vi.waitFor(async () => {
      await check();
      expect(await indexedTitle(lost)).toBe(`lost ${word}`);
      expect(await indexedTitle(old)).toBe(`old ${word}`);
    }, patience);
    await expectFound({ q: word }, ids);
    expect((await status()).drift.repaired).toBeGreaterThanOrEqual(before + 4);
  }, patience);
});

/** Deletes one product's document, makes the other's old, and adds two of products that are not there. */
async function spoil(word: string, { lost, old }: { lost: string; old: string }): Promise<void> {
  const { results } = await index.getDocuments({ ids: [old] });
  const document = results[0] ?? expect.fail("the product is not in the index");
  await index
    .addDocuments([
      { ...document, title: `older ${word}`, stamp: `${documentShape}.0.0.0.0` },
      { ...document, id: `prd_${word}`, title: `ghost ${word}` },
      { ...document, id: `prd_${word}_elsewhere`, bucket: "nowhere", title: `ghost ${word}` },
    ])
    .waitTask();
  await index.deleteDocument(lost).waitTask();
}

test("documents of an earlier release ask for a rebuild", async () => {
  const word = uniqueWord();
  const { id } = await createProduct({ title: `Lamp ${word}` });
  await expectFound({ q: word }, [id]);
  const { results } = await index.getDocuments({ ids: [id] });
  const earlier = { ...results[0], stamp: `${documentShape - 1}.1.0.0.0`, title: `Earlier ${word}` };
  await index.addDocuments([earlier]).waitTask();
  await vi.waitFor(async () => {
    await check();
    expect(await indexedTitle(id)).toBe(`Lamp ${word}`);
  }, patience);
});

test("a true index needs no repair, and every product on sale is compared", async () => {
  const word = uniqueWord();
  const stocks = [undefined, 0, 3, 100];
  const products = await Promise.all(
    stocks.map((quantity, place) =>
      createProduct({
        title: `Lamp ${word} ${place}`,
        options: [{ name: "Size", values: ["S", "M"] }],
        variants: [
          { sku: `${word}-${place}`, price: 100, options: { Size: "S" }, initial_quantity: quantity },
          { sku: `${word}-${place}b`, price: 100, options: { Size: "M" } },
        ],
      }),
    ),
  );
  await expectFound(
    { q: word },
    products.map(({ id }) => id),
  );
  const [, , low = { id: "" }] = products;
  await vi.waitFor(async () => {
    const { results } = await index.getDocuments({ ids: [low.id], fields: ["in_stock"] });
    expect(results).toEqual([{ in_stock: true }]);
  }, patience);
  await vi.waitFor(async () => {
    const { buckets, waiting, repaired } = await check();
    expect({ buckets, waiting, repaired }).toEqual({ buckets: 33, waiting: 0, repaired: 0 });
  }, patience);
});

test("operators read how far searches are behind, and the canary arrives", async () => {
  await vi.waitFor(async () => {
    const { reachable, canary, drift, lag_seconds, documents } = await status();
    expect(reachable).toBe(true);
    expect(canary.seconds).not.toBeNull();
    expect(canary.seconds).toBeLessThan(60);
    expect(drift.checked_at).not.toBeNull();
    expect(lag_seconds).toBeGreaterThanOrEqual(canary.seconds ?? Infinity);
    expect(documents).toBeGreaterThan(0);
  }, patience);
});

test("a change that the index cannot be told of is counted as backlog with its age", async () => {
  const insert = `insert into outbox (id, type, subject, payload, leased_until)
    values ($1, 'product.changed', $1, '{"product_id": "prd_none", "version": 1}', now() + interval '1 hour')`;
  const id = `evt_${uniqueWord()}`;
  await inDatabase(insert, [id]);
  await inDatabase("update outbox set created_at = now() - interval '100 seconds' where id = $1", [id]);
  try {
    const { backlog, lag_seconds } = await status();
    expect(backlog.events).toBeGreaterThanOrEqual(1);
    expect(backlog.oldest_seconds).toBeGreaterThanOrEqual(100);
    expect(lag_seconds).toBeGreaterThanOrEqual(100);
  } finally {
    await inDatabase("delete from outbox where id = $1", [id]);
  }
});

test("status and check are the staff's", async () => {
  const { token } = await registerCustomer();
  expect((await request("/admin/search/status", { token })).status).toBe(403);
  expect((await request("/admin/search/check", { method: "POST", token })).status).toBe(403);
  expect((await search({ q: "anything" })).status).toBe(200);
});
