import { expect, test } from "vitest";
import { z } from "zod";
import { address } from "../../buying.ts";
import { registerCustomer, request } from "../../stack.ts";

const Entry = z.object({
  id: z.string().startsWith("adr_"),
  address: z.record(z.string(), z.string()),
  default_shipping: z.boolean(),
  default_billing: z.boolean(),
  version: z.int(),
});
const Book = z.object({ data: z.array(Entry) });
const path = "/customers/me/addresses";

function add(token: string, json: object = {}) {
  return request(path, { method: "POST", token, json: { address, ...json } });
}

function change(token: string, entry: { id: string }, json: object, ifMatch?: string) {
  const headers: Record<string, string> = { "content-type": "application/merge-patch+json" };
  if (ifMatch !== undefined) headers["if-match"] = ifMatch;
  return request(`${path}/${entry.id}`, { method: "PATCH", token, json, headers });
}

function remove(token: string, entry: { id: string }, ifMatch?: string) {
  const headers: Record<string, string> = ifMatch === undefined ? {} : { "if-match": ifMatch };
  return request(`${path}/${entry.id}`, { method: "DELETE", token, headers });
}

async function bookOf(token: string) {
  return (await request(path, { token })).as(Book).data;
}

test("an address is kept, read, changed and deleted", async () => {
  const { token } = await registerCustomer();
  const added = await add(token);
  expect(added.status).toBe(201);
  const entry = added.as(Entry);
  const moved = { ...address, city: "Lisbon" };
  expect(await change(token, entry, { address: moved })).toMatchObject({ status: 428 });
  const changed = await change(token, entry, { address: moved }, added.headers.get("etag") ?? "");
  expect(changed.as(Entry)).toMatchObject({ address: moved, version: 2 });
  expect(await change(token, entry, { address }, '"v1"')).toMatchObject({ status: 412 });
  expect(await remove(token, entry, '"v1"')).toMatchObject({ status: 412 });
  expect(await remove(token, entry)).toMatchObject({ status: 428 });
  expect((await request(`${path}/${entry.id}`, { token })).headers.get("etag")).toBe('"v2"');
  expect((await remove(token, entry, '"v2"')).status).toBe(204);
  expect((await remove(token, entry, '"v2"')).status).toBe(404);
  expect(await bookOf(token)).toEqual([]);
});

test("there is one default of each kind, the last that was chosen", async () => {
  const { token } = await registerCustomer();
  const first = (await add(token, { default_shipping: true, default_billing: true })).as(Entry);
  const second = (await add(token, { default_shipping: true })).as(Entry);
  expect(await bookOf(token)).toMatchObject([
    { id: first.id, default_shipping: false, default_billing: true, version: 2 },
    { id: second.id, default_shipping: true, default_billing: false, version: 1 },
  ]);
  await change(token, second, { default_billing: true }, '"v1"');
  expect(await bookOf(token)).toMatchObject([
    { id: first.id, default_shipping: false, default_billing: false },
    { id: second.id, default_shipping: true, default_billing: true },
  ]);
});

test("ten new defaults at once leave one default", async () => {
  const { token } = await registerCustomer();
  const answers = await Promise.all(Array.from({ length: 10 }, () => add(token, { default_shipping: true })));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
  const book = await bookOf(token);
  expect(book).toHaveLength(10);
  expect(book.filter((entry) => entry.default_shipping)).toHaveLength(1);
});

test("the fifty-first address is refused, also of several at once, and changes no default", async () => {
  const { token } = await registerCustomer();
  const kept = (await add(token, { default_shipping: true })).as(Entry);
  for (let batch = 0; batch < 6; batch++) await Promise.all(Array.from({ length: 8 }, () => add(token)));
  const answers = await Promise.all(Array.from({ length: 5 }, () => add(token, { default_shipping: true })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status !== 201);
  for (const answer of refused)
    expect(answer).toMatchObject({ status: 422, body: { code: "address_book_full" } });
  const book = await bookOf(token);
  expect(book).toHaveLength(50);
  expect(book.find((entry) => entry.default_shipping)?.id).not.toBe(kept.id);
});

test("somebody else's address is not found, and a guest has no address book", async () => {
  const [owner, stranger] = [await registerCustomer(), await registerCustomer()];
  const entry = (await add(owner.token)).as(Entry);
  expect((await request(`${path}/${entry.id}`, { token: stranger.token })).status).toBe(404);
  expect((await change(stranger.token, entry, { address }, '"v1"')).status).toBe(404);
  expect((await remove(stranger.token, entry, '"v1"')).status).toBe(404);
  expect((await request(path)).status).toBe(401);
  expect((await bookOf(owner.token)).map(({ id }) => id)).toEqual([entry.id]);
});
