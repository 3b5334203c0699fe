import { Meilisearch } from "meilisearch";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";
import { createProduct, patchProduct, uniqueWord } from "../features/catalog/catalog-client.ts";
import { expectFound } from "../features/search/search-client.ts";

const Report = z.object({
  running: z.object({ id: z.string() }).nullable(),
  last: z.object({ id: z.string(), outcome: z.string(), indexed: z.int() }).nullable(),
});

const index = new Meilisearch({
  host: stack().services.search,
  apiKey: LOCAL_CREDENTIALS.searchApiKey,
  // Its tasks wait behind those of others.
  defaultWaitOptions: { timeout: 50_000 },
}).index("products");
const patience = { timeout: 25_000, interval: 100 };

async function report(): Promise<z.infer<typeof Report>> {
  return (await request("/admin/search/rebuild", { token: await adminToken() })).as(Report);
}

/** Begins a rebuild as soon as none runs. */
async function startRebuild(): Promise<string> {
  const token = await adminToken();
  return vi.waitFor(async () => {
    const answer = await request("/admin/search/rebuild", { method: "POST", token });
    expect(answer.status).toBe(202);
    return answer.as(z.object({ running: z.object({ id: z.string() }) })).running.id;
  }, patience);
}

/** Another test's may have begun and ended since: ids are in the order of their making. */
async function rebuildEnds(id: string): Promise<z.infer<typeof Report>["last"]> {
  return vi.waitFor(async () => {
    const { last } = await report();
    expect((last?.id ?? "") >= id).toBe(true);
    return last;
  }, patience);
}

test("writes while the index is rebuilt are lost neither from the old nor from the new one", async () => {
  const word = uniqueWord();
  const kept = await Promise.all(
    ["one", "two", "three", "four"].map((name) => createProduct({ title: `${name} ${word}` })),
  );
  await expectFound(
    { q: word },
    kept.map(({ id }) => id),
  );
  const [changed, archived, ...others] = kept;
  if (changed === undefined || archived === undefined) throw new Error("four products were made");

  const rebuild = await startRebuild();
  const added: string[] = [];
  const writing = (async () => {
    for (let round = 0; round < 12; round++) {
      const product = await createProduct({ title: `added ${round} ${word}` });
      added.push(product.id);
    }
    await patchProduct(archived.id, { status: "archived" }, `"v${archived.version}"`);
    await patchProduct(changed.id, { title: `renamed ${word}` }, `"v${changed.version}"`);
  })();
  const [last] = await Promise.all([rebuildEnds(rebuild), writing]);
  expect(last?.outcome).toBe("finished");
  const ids = [changed.id, ...others.map(({ id }) => id), ...added];
  await expectFound({ q: `"${word}"`, limit: "100" }, ids);
  await expectFound({ q: `"renamed ${word}"`, limit: "100", sort: "newest" }, [changed.id]);
});

test("a rebuild brings back what the index has lost and removes what it should not have", async () => {
  const word = uniqueWord();
  const product = await createProduct({ title: `Lamp ${word}` });
  await expectFound({ q: word }, [product.id]);
  // Made of its own product: with the brand and the tags of another, the tests of that one would find it.
  const { results } = await index.getDocuments({ ids: [product.id] });
  await index.deleteDocument(product.id).waitTask();
  await index.addDocuments([{ ...results[0], id: `prd_ghost_${word}` }]).waitTask();
  await rebuildEnds(await startRebuild());
  await expectFound({ q: word }, [product.id]);
});

test("a second rebuild is refused while one runs", async () => {
  const token = await adminToken();
  // Those of other tests end at last; then one of several that ask at once begins one.
  const refused = await vi.waitFor(async () => {
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => request("/admin/search/rebuild", { method: "POST", token })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    return answers.filter(({ status }) => status !== 202);
  }, patience);
  expect(refused.map(({ body }) => body)).toMatchObject(
    Array.from({ length: 2 }, () => ({ status: 409, code: "conflict" })),
  );
});

test("a rebuild is the staff's to start, and its steps are the queue's to deliver", async () => {
  const { token } = await registerCustomer();
  const path = "/admin/search/rebuild";
  expect((await request(path, { method: "POST" })).status).toBe(401);
  expect((await request(path, { method: "POST", token })).status).toBe(403);
  const forged = await request("/jobs/search-rebuild", { method: "POST", json: { kind: "start" } });
  expect(forged.body).toMatchObject({ code: "invalid_signature" });
});

test("settings that were changed by hand are put right by the sweep", async () => {
  await index.updateSettings({ synonyms: {} }).waitTask();
  await vi.waitFor(async () => expect(await index.getSynonyms()).toHaveProperty("anorak"), patience);
});
