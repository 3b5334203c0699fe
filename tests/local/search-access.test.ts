import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateTenantToken } from "meilisearch/token";
import { expect, test } from "vitest";
import { findMeilisearch, startSearch } from "#local/search/start-search";
import {
  clientOf,
  MASTER_KEY,
  startTestSearch,
  startWithProducts,
  steer,
  temporaryFolder,
} from "./search-setup.ts";

test("without a key nothing but health is answered, with a wrong one nothing either", async () => {
  const { url } = await startTestSearch();
  await expect(clientOf(url, "wrong").getStats()).rejects.toMatchObject({
    cause: { code: "invalid_api_key", type: "auth" },
  });
  const anonymous = await fetch(`${url}/indexes`);
  expect(anonymous.status).toBe(401);
  expect(await anonymous.json()).toEqual({
    message: "The Authorization header is missing. It must use the bearer authorization method.",
    code: "missing_authorization_header",
    type: "auth",
    link: "https://docs.meilisearch.com/errors#missing_authorization_header",
  });
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("the default search key searches and the default admin key administers", async () => {
  const { client, url } = await startWithProducts([{ id: 1, title: "Mug" }]);
  const { results } = await client.getKeys();
  const named = (name: string) => results.find((key) => key.name === `Default ${name} API Key`)?.key ?? "";
  const searching = clientOf(url, named("Search"));
  expect((await searching.index("products").search("mug")).hits).toHaveLength(1);
  await expect(searching.index("products").getDocuments()).rejects.toMatchObject({
    cause: { code: "invalid_api_key" },
  });
  expect((await clientOf(url, named("Admin")).index("products").getDocuments()).total).toBe(1);
});

test("keys are created for some actions and indexes, renamed and deleted", async () => {
  const { client, url } = await startWithProducts([{ id: 1, title: "Mug" }]);
  const key = await client.createKey({
    actions: ["documents.*"],
    indexes: ["prod*"],
    expiresAt: null,
    name: "sync",
  });
  const syncing = clientOf(url, key.key);
  expect((await syncing.index("products").getDocuments()).total).toBe(1);
  await expect(syncing.index("orders").getDocuments()).rejects.toMatchObject({
    cause: { code: "invalid_api_key" },
  });
  expect((await client.updateKey(key.uid, { description: "search-sync" })).description).toBe("search-sync");
  await client.deleteKey(key.uid);
  await expect(client.getKey(key.uid)).rejects.toMatchObject({ cause: { code: "api_key_not_found" } });
  await expect(syncing.index("products").getDocuments()).rejects.toMatchObject({
    cause: { code: "invalid_api_key" },
  });
});

test("a tenant token searches through its filter only, until it expires", async () => {
  const { client, url } = await startWithProducts(
    [
      { id: 1, title: "Mug", shop: 1 },
      { id: 2, title: "Mug", shop: 2 },
    ],
    { filterableAttributes: ["shop"] },
  );
  const parent = (await client.getKeys()).results.find((key) => key.actions.includes("search"));
  const tokenFor = (expiresAt: Date) =>
    generateTenantToken({
      apiKey: parent?.key ?? "",
      apiKeyUid: parent?.uid ?? "",
      searchRules: { products: { filter: "shop = 1" } },
      expiresAt,
    });
  const tenant = clientOf(url, await tokenFor(new Date(Date.now() + 60_000)));
  expect((await tenant.index("products").search("mug")).hits).toEqual([{ id: 1, title: "Mug", shop: 1 }]);
  expect((await tenant.index("products").search("mug", { filter: "shop = 2" })).hits).toEqual([]);
  const { results } = await tenant.multiSearch({ queries: [{ indexUid: "products", q: "mug" }] });
  expect(results[0]?.hits).toHaveLength(1);
  await expect(tenant.index("other").search("mug")).rejects.toMatchObject({
    cause: { code: "invalid_api_key" },
  });
  const expired = clientOf(url, await tokenFor(new Date(Date.now() - 60_000)));
  await expect(expired.index("products").search("mug")).rejects.toMatchObject({
    cause: { code: "invalid_api_key" },
  });
});

test("the simulator makes the server fail, and the stats count the requests", async () => {
  const { client, url, products } = await startWithProducts([{ id: 1, title: "Mug" }]);
  await steer(url, { fail_next: 1 });
  await expect(products.search("mug")).rejects.toMatchObject({ response: { status: 503 } });
  expect((await products.search("mug")).hits).toHaveLength(1);
  expect(await steer(url, { delay_ms: 60 })).toMatchObject({ delay_ms: 60, fail_next: 0 });
  const startedAt = performance.now();
  await client.health();
  expect(performance.now() - startedAt).toBeGreaterThan(50);
  const stats = await (await fetch(`${url}/_local/stats`)).json();
  expect(stats).toMatchObject({ requests: { "POST /indexes/:index/search": 2, "GET /health": 1 } });
  expect(await steer(url, { delay: 1 })).toMatchObject({ code: "bad_request" });
});

test("a named server comes before a binary on the PATH, and that before the built-in engine", async () => {
  const folder = temporaryFolder();
  const binary = join(folder, "meilisearch");
  writeFileSync(binary, "#!/bin/sh\n");
  expect(findMeilisearch({ PATH: folder })).toEqual({ kind: "built-in" });
  chmodSync(binary, 0o755);
  expect(findMeilisearch({ PATH: `/nowhere:${folder}` })).toEqual({ kind: "binary", path: binary });
  expect(
    findMeilisearch({ PATH: folder, MEILISEARCH_URL: "http://search:7700/", MEILISEARCH_API_KEY: "k" }),
  ).toEqual({
    kind: "remote",
    url: "http://search:7700",
    apiKey: "k",
  });
});

test("a meilisearch binary gets port, key and data folder, and ends with us", async () => {
  const folder = temporaryFolder();
  const program = `#!${process.execPath}
const [, , , address] = process.argv;
const [host, port] = address.split(":");
require("node:http")
  .createServer((request, response) => response.end(JSON.stringify({ key: process.env.MEILI_MASTER_KEY, cwd: process.cwd() })))
  .listen(Number(port), host);
`;
  writeFileSync(join(folder, "meilisearch"), program, { mode: 0o755 });
  const lines: string[] = [];
  const running = await startSearch({
    port: 0,
    stateFolder: folder,
    masterKey: MASTER_KEY,
    log: (line) => lines.push(line),
    environment: { PATH: folder },
  });
  const answer = await (await fetch(`${running.url}/health`)).json();
  expect(answer).toEqual({ key: MASTER_KEY, cwd: join(folder, "meilisearch-data") });
  expect(running.engine).toBe("binary");
  expect(lines).toEqual([`search: ${join(folder, "meilisearch")} at ${running.url}`]);
  await running.stop();
  await expect(fetch(`${running.url}/health`)).rejects.toThrow(TypeError);
});
