import { expect, test } from "vitest";
import { startTestSearch, startWithProducts } from "./search-setup.ts";

test("indexes are created, listed, renamed and deleted, each by a task", async () => {
  const { client } = await startTestSearch();
  const created = await client.createIndex("products", { primaryKey: "id" }).waitTask();
  expect(created).toMatchObject({ status: "succeeded", type: "indexCreation", indexUid: "products" });
  expect(await client.getRawIndex("products")).toMatchObject({ uid: "products", primaryKey: "id" });
  const again = await client.createIndex("products").waitTask();
  expect(again).toMatchObject({ status: "failed", error: { code: "index_already_exists" } });
  await client.updateIndex("products", { primaryKey: "sku" }).waitTask();
  expect((await client.getIndexes()).results.map(({ uid, primaryKey }) => [uid, primaryKey])).toEqual([
    ["products", "sku"],
  ]);
  await client.deleteIndex("products").waitTask();
  await expect(client.getRawIndex("products")).rejects.toMatchObject({ cause: { code: "index_not_found" } });
  await expect(client.createIndex("not valid")).rejects.toMatchObject({
    cause: { code: "invalid_index_uid" },
  });
});

test("a swap exchanges documents and settings", async () => {
  const { client, titlesOf } = await startWithProducts([{ id: 1, title: "Old" }]);
  const fresh = client.index("products_new");
  await fresh.updateSettings({ sortableAttributes: ["title"] }).waitTask();
  await fresh.addDocuments([{ id: 1, title: "New" }]).waitTask();
  const swapped = await client
    .swapIndexes([{ indexes: ["products", "products_new"], rename: false }])
    .waitTask();
  expect(swapped.status).toBe("succeeded");
  expect(await titlesOf("")).toEqual(["New"]);
  expect(await client.index("products").getSortableAttributes()).toEqual(["title"]);
  expect((await fresh.search("old")).hits).toHaveLength(1);
  const failed = await client.swapIndexes([{ indexes: ["products", "gone"], rename: false }]).waitTask();
  expect(failed).toMatchObject({ status: "failed", error: { code: "index_not_found" } });
});

test("documents are added, merged, fetched and deleted in every way", async () => {
  const { products } = await startWithProducts(
    [1, 2, 3, 4, 5, 6].map((id) => ({ id, title: `Mug ${id}`, price: id * 100 })),
    { filterableAttributes: ["price"], sortableAttributes: ["price"] },
  );
  await products.updateDocuments([{ id: 1, price: 150 }]).waitTask();
  expect(await products.getDocument(1)).toEqual({ id: 1, title: "Mug 1", price: 150 });
  await products.addDocuments([{ id: 1, title: "Cup" }]).waitTask();
  expect(await products.getDocument(1)).toEqual({ id: 1, title: "Cup" });
  const page = await products.getDocuments({ filter: "price > 300", fields: ["id"], limit: 2 });
  expect(page).toEqual({ results: [{ id: 4 }, { id: 5 }], offset: 0, limit: 2, total: 3 });

  await products.deleteDocument(1).waitTask();
  const batch = await products.deleteDocuments([2, 99]).waitTask();
  expect(batch.details).toMatchObject({ providedIds: 2, deletedDocuments: 1 });
  const filtered = await products.deleteDocuments({ filter: "price = 300" }).waitTask();
  expect(filtered.details).toMatchObject({ deletedDocuments: 1, originalFilter: '"price = 300"' });
  expect((await products.getDocuments()).total).toBe(3);
  await expect(products.getDocument(1)).rejects.toMatchObject({ cause: { code: "document_not_found" } });
  expect(await products.deleteAllDocuments().waitTask()).toMatchObject({ details: { deletedDocuments: 3 } });
  expect((await products.search("mug")).hits).toEqual([]);
});

test("a document without an id or with an impossible one fails its whole task", async () => {
  const { client } = await startTestSearch();
  const products = client.index("products");
  const guessed = await products.addDocuments([{ product_id: 1, other_id: 2 }]).waitTask();
  expect(guessed).toMatchObject({ error: { code: "index_primary_key_multiple_candidates_found" } });
  const missing = await products.addDocuments([{ id: "a" }, { title: "x" }]).waitTask();
  expect(missing).toMatchObject({ status: "failed", error: { code: "missing_document_id" } });
  expect(missing.details).toMatchObject({ receivedDocuments: 2, indexedDocuments: 0 });
  const impossible = await products.addDocuments([{ id: "a b" }]).waitTask();
  expect(impossible).toMatchObject({ error: { code: "invalid_document_id" } });
  expect((await products.getDocuments()).total).toBe(0);
});

test("documents come as NDJSON and CSV too", async () => {
  const { client } = await startTestSearch();
  const products = client.index("products");
  await products
    .addDocumentsFromString('{"id":1,"title":"A"}\n{"id":2,"title":"B"}', "application/x-ndjson")
    .waitTask();
  await products.addDocumentsFromString('id,title,price:number\n3,"C, ""large""",12', "text/csv").waitTask();
  expect((await products.getDocuments()).total).toBe(2 + 1);
  expect(await products.getDocument(3)).toEqual({ id: "3", title: 'C, "large"', price: 12 });
});

test("settings change key by key, each has its route and goes back to its default", async () => {
  const { client } = await startTestSearch();
  const products = client.index("products");
  const defaults = {
    searchableAttributes: ["*"],
    pagination: { maxTotalHits: 1000 },
    distinctAttribute: null,
  };
  await products.updateSettings({ typoTolerance: { minWordSizeForTypos: { oneTypo: 4 } } }).waitTask();
  expect(await products.getTypoTolerance()).toMatchObject({
    enabled: true,
    minWordSizeForTypos: { oneTypo: 4, twoTypos: 9 },
  });
  expect(await products.getSettings()).toMatchObject(defaults);
  await products.updateSearchableAttributes(["title"]).waitTask();
  await products.updateFaceting({ maxValuesPerFacet: 7 }).waitTask();
  await products.updateStopWords(["the", "a"]).waitTask();
  expect(await products.getSettings()).toMatchObject({
    searchableAttributes: ["title"],
    faceting: { maxValuesPerFacet: 7, sortFacetValuesBy: { "*": "alpha" } },
    stopWords: ["a", "the"],
  });
  await products.resetSearchableAttributes().waitTask();
  expect(await products.getSearchableAttributes()).toEqual(["*"]);
  await products.resetSettings().waitTask();
  expect(await products.getSettings()).toMatchObject({ ...defaults, stopWords: [] });
  await expect(products.updateRankingRules(["nonsense"])).rejects.toMatchObject({
    cause: { code: "invalid_settings_ranking_rules" },
  });
});

test("a change of filterable attributes reads the documents again", async () => {
  const { products, titlesOf } = await startWithProducts([{ id: 1, title: "Mug", brand: "Acme" }]);
  await products.updateFilterableAttributes(["brand"]).waitTask();
  expect(await titlesOf("", { filter: "brand = acme" })).toEqual(["Mug"]);
  await products.updateSearchableAttributes(["brand"]).waitTask();
  expect(await titlesOf("mug")).toEqual([]);
});

test("displayed attributes and attributesToRetrieve hide the rest", async () => {
  const { products } = await startWithProducts(
    [{ id: 1, title: "Mug", cost: 3, size: { height: 1, width: 2 } }],
    {
      displayedAttributes: ["id", "title", "size"],
    },
  );
  expect((await products.search("")).hits).toEqual([{ id: 1, title: "Mug", size: { height: 1, width: 2 } }]);
  const { hits } = await products.search("", { attributesToRetrieve: ["title", "size.width", "cost"] });
  expect(hits).toEqual([{ title: "Mug", size: { width: 2 } }]);
});

test("stats count documents and their fields", async () => {
  const { client, products } = await startWithProducts([{ id: 1, title: "Mug" }, { id: 2 }]);
  await products.deleteDocument(1).waitTask();
  await products.addDocuments([{ id: 3, title: "Cup" }]).waitTask();
  const expected = { numberOfDocuments: 2, isIndexing: false, fieldDistribution: { id: 2, title: 1 } };
  expect(await products.getStats()).toMatchObject(expected);
  expect((await client.getStats()).indexes["products"]).toMatchObject(expected);
  expect(await client.health()).toEqual({ status: "available" });
  expect(await client.getVersion()).toMatchObject({ pkgVersion: expect.stringMatching(/^1\./) });
});

test("several searches go in one request, and a bad one is named", async () => {
  const { client } = await startWithProducts([
    { id: 1, title: "Mug" },
    { id: 2, title: "Cup" },
  ]);
  const { results } = await client.multiSearch({
    queries: [
      { indexUid: "products", q: "mug" },
      { indexUid: "products", q: "cup", limit: 1 },
    ],
  });
  expect(results.map(({ hits }) => hits)).toEqual([[{ id: 1, title: "Mug" }], [{ id: 2, title: "Cup" }]]);
  await expect(
    client.multiSearch({ queries: [{ indexUid: "products" }, { indexUid: "gone", q: "x" }] }),
  ).rejects.toMatchObject({
    cause: { code: "index_not_found", message: expect.stringContaining(".queries[1]") },
  });
});

test("search parameters are checked, and GET understands the same ones", async () => {
  const { products } = await startWithProducts([{ id: 1, title: "Mug" }]);
  await expect(products.search("", { limit: -1 })).rejects.toMatchObject({
    cause: { code: "invalid_search_limit" },
  });
  const found = await products.searchGet("mug", { attributesToRetrieve: ["title"], limit: 1 });
  expect(found).toMatchObject({ hits: [{ title: "Mug" }], limit: 1 });
});
