import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, createProduct, uniqueWord } from "../catalog/catalog-client.ts";
import { expectFound, searchUntil } from "./search-client.ts";

const Group = z.object({
  id: z.string(),
  input: z.string().nullable(),
  words: z.array(z.string()),
  version: z.int(),
});
type Group = z.infer<typeof Group>;
const path = "/admin/search/synonyms";

async function add(json: { input?: string; words: string[] }): Promise<Group> {
  const answer = await request(path, { method: "POST", token: await adminToken(), json });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("etag")).toBe('"v1"');
  return answer.as(Group);
}

async function change(method: "PUT" | "DELETE", { id }: Group, version: string, json?: unknown) {
  const headers = version === "" ? {} : { "if-match": version };
  return request(`${path}/${id}`, { method, token: await adminToken(), headers, json });
}

test("words that staff says mean the same find each other until it takes that back", async () => {
  const [sold, asked, later] = [uniqueWord(), uniqueWord(), uniqueWord()];
  const product = await createProduct({ title: `Lamp ${sold}` });
  await expectFound({ q: sold }, [product.id]);
  const group = await add({ words: [sold.toUpperCase(), asked, asked] });
  expect(group.words).toEqual([sold, asked]);
  await expectFound({ q: asked }, [product.id]);

  const changed = await change("PUT", group, '"v1"', { input: null, words: [sold, later] });
  expect(changed.as(Group)).toMatchObject({ version: 2, words: [sold, later] });
  await expectFound({ q: later }, [product.id]);
  await searchUntil({ q: `"${asked}"` }, ({ total }) => total === 0);

  expect((await change("DELETE", group, '"v2"')).status).toBe(204);
  await searchUntil({ q: later }, ({ total }) => total === 0);
});

test("with an input only whoever types it finds the words", async () => {
  const [broad, narrow] = [uniqueWord(), uniqueWord()];
  const products = await Promise.all([broad, narrow].map((word) => createProduct({ title: `Lamp ${word}` })));
  const [ofBroad, ofNarrow] = products.map(({ id }) => id);
  await expectFound({ q: broad }, [ofBroad ?? ""]);
  await add({ input: broad, words: [narrow] });
  await expectFound({ q: broad }, [ofBroad ?? "", ofNarrow ?? ""]);
  await expectFound({ q: narrow }, [ofNarrow ?? ""]);
});

test("a rebuilt index knows them", async () => {
  const [sold, asked] = [uniqueWord(), uniqueWord()];
  const product = await createProduct({ title: `Lamp ${sold}` });
  await add({ words: [sold, asked] });
  await expectFound({ q: asked }, [product.id]);
  const token = await adminToken();
  const Rebuild = z.object({
    running: z.object({ id: z.string() }).nullable(),
    last: z.object({ id: z.string() }).nullable(),
  });
  const started = await vi.waitFor(async () => {
    const answer = await request("/admin/search/rebuild", { method: "POST", token });
    expect(answer.status).toBe(202);
    return answer.as(Rebuild).running?.id;
  }, 25_000);
  await vi.waitFor(async () => {
    // Another test's may have begun and ended since: ids are in the order of their making.
    const { last } = (await request("/admin/search/rebuild", { token })).as(Rebuild);
    expect((last?.id ?? "") >= (started ?? "none")).toBe(true);
  }, 25_000);
  await expectFound({ q: asked }, [product.id]);
});

test("a change needs the version that was read", async () => {
  const group = await add({ words: [uniqueWord(), uniqueWord()] });
  const json = { input: null, words: [uniqueWord(), uniqueWord()] };
  expect((await change("PUT", group, "", json)).as(Problem).code).toBe("if_match_required");
  expect((await change("PUT", group, '"v7"', json)).as(Problem).code).toBe("version_mismatch");
  expect((await change("DELETE", group, '"v7"')).as(Problem).code).toBe("version_mismatch");
  const twice = await Promise.all([change("PUT", group, '"v1"', json), change("PUT", group, '"v1"', json)]);
  expect(new Set(twice.map(({ status }) => status))).toEqual(new Set([200, 412]));
});

test("one key adds one group", async () => {
  const headers = { "idempotency-key": randomUUID() };
  const call = {
    method: "POST",
    token: await adminToken(),
    headers,
    json: { words: [uniqueWord(), "lamp"] },
  };
  const [first, second] = [await request(path, call), await request(path, call)];
  expect(second.as(Group)).toEqual(first.as(Group));
});

test("groups are found by their words", async () => {
  const group = await add({ input: uniqueWord(), words: [uniqueWord()] });
  const Page = z.object({ data: z.array(Group) });
  for (const word of [group.input ?? "", group.words[0] ?? ""]) {
    const page = (await request(`${path}?word=${word}`, { token: await adminToken() })).as(Page);
    expect(page.data.map(({ id }) => id)).toEqual([group.id]);
  }
});

test("what means nothing is refused, and whoever is no staff", async () => {
  const token = await adminToken();
  const refused = [
    { words: ["one"] },
    { words: ["one", "ONE "] },
    { input: "a", words: ["a", "b"] },
    { words: ["!", "a"] },
  ];
  for (const json of refused)
    expect((await request(path, { method: "POST", token, json })).as(Problem).code).toBe("invalid_request");
  const customer = await registerCustomer();
  expect((await request(path, { token: customer.token })).status).toBe(403);
});
