import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Meilisearch } from "meilisearch";
import { onTestFinished } from "vitest";
import { startSearch } from "#local/search/start-search";

export const MASTER_KEY = "test-master-key";

/** A fresh search server and a client of it with all rights, gone when the test is. */
export async function startTestSearch(stateFolder = temporaryFolder()) {
  const running = await startSearch({ port: 0, stateFolder, masterKey: MASTER_KEY, log: () => undefined });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await running.stop();
  };
  onTestFinished(stop);
  return { url: running.url, stop, stateFolder, client: clientOf(running.url) };
}

/** A client that polls tasks often enough for tests. */
export function clientOf(host: string, apiKey = MASTER_KEY): Meilisearch {
  return new Meilisearch({ host, apiKey, defaultWaitOptions: { interval: 5, timeout: 50_000 } });
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tradewind-search-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A test server with one index that holds the documents under the settings. */
export async function startWithProducts(
  documents: Record<string, unknown>[],
  settings: Parameters<ReturnType<Meilisearch["index"]>["updateSettings"]>[0] = {},
) {
  const search = await startTestSearch();
  const products = search.client.index("products");
  await products.updateSettings(settings).waitTask();
  await products.addDocuments(documents, { primaryKey: "id" }).waitTask();
  const titlesOf = async (query: string, options: Parameters<typeof products.search>[1] = {}) =>
    (await products.search(query, options)).hits.map((hit) => hit["title"]);
  return { ...search, products, titlesOf };
}

/** Sends to the simulator's own routes. */
export async function steer(url: string, faults: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(`${url}/_simulator/faults`, { method: "POST", body: JSON.stringify(faults) });
  return response.json();
}
