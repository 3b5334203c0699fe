import { expect, test } from "vitest";
import { z } from "zod";
import { Found, search } from "../search/search-client.ts";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, Product, ProductPage, createProduct, uniqueWord } from "./catalog-client.ts";

const Category = z.looseObject({ id: z.string(), handle: z.string(), parent_id: z.string().nullable() });
const Tree = z.object({
  data: z.array(z.looseObject({ handle: z.string(), children: z.array(z.unknown()) })),
});
const patience = { timeout: 25_000, interval: 100 };

async function make(json: Record<string, unknown>, token?: string) {
  return request("/admin/categories", { method: "POST", token: token ?? (await adminToken()), json });
}

test("a category is made at the top or under another, shows in the tree, and takes products", async () => {
  const word = uniqueWord();
  const top = (await make({ title: `Top ${word}` })).as(Category);
  expect(top).toMatchObject({ handle: `top-${word}`, parent_id: null });
  const below = (await make({ title: "Böden", parent: top.handle })).as(Category);
  expect(below).toMatchObject({ handle: `top-${word}/boden`, parent_id: top.id });
  const shown = async () =>
    (await request("/categories")).as(Tree).data.find(({ handle }) => handle === top.handle);
  await expect.poll(shown, patience).toMatchObject({ children: [{ handle: below.handle }] });
  const product = await createProduct({ categories: [below.id] });
  expect(product.categories.map(({ handle }) => handle)).toEqual([top.handle, below.handle]);
});

test("a handle that is taken, a parent that is not there and a ninth level are refused", async () => {
  const word = uniqueWord();
  await make({ title: word });
  const again = await make({ title: word });
  expect([again.status, again.as(Problem).code]).toEqual([409, "category_handle_taken"]);
  expect((await make({ title: "Lost", parent: `nowhere-${word}` })).status).toBe(400);
  let parent = word;
  for (let level = 2; level <= 8; level++)
    parent = (await make({ title: `L${level}`, parent })).as(Category).handle;
  expect((await make({ title: "L9", parent })).status).toBe(400);
  expect((await make({ title: "Mine" }, (await registerCustomer()).token)).status).toBe(403);
});

async function change(method: "PATCH" | "DELETE", place: string, ifMatch: string, json?: unknown) {
  return request(`/admin/categories/${place}`, {
    method,
    token: await adminToken(),
    headers: { "if-match": ifMatch, "content-type": "application/merge-patch+json" },
    ...(json === undefined ? {} : { json }),
  });
}

const categoriesOf = async (id: string) =>
  (await request(`/products/${id}`)).as(Product).categories.map(({ handle }) => handle);
const listedIn = async (category: string) =>
  (await request(`/products?category=${category}`)).as(ProductPage).data.map(({ id }) => id);

/** Two trees of a top and a category below, with a product in the first one's. */
async function scene() {
  const [one, other] = [uniqueWord(), uniqueWord()];
  const top = (await make({ title: one })).as(Category);
  const below = (await make({ title: "Below", parent: one })).as(Category);
  const elsewhere = (await make({ title: other })).as(Category);
  const product = await createProduct({ categories: [below.handle] });
  await expect.poll(() => listedIn(one), patience).toEqual([product.id]);
  return { one, other, top, below, elsewhere, product };
}

test("another handle leads to the products, in them and below it too, and the former ones still do", async () => {
  const { one, top, below, product } = await scene();
  const renamed = await change("PATCH", top.id, '"v1"', { title: "Renamed", handle: `new-${one}` });
  expect([renamed.status, renamed.headers.get("etag"), renamed.body]).toMatchObject([
    200,
    '"v2"',
    { title: "Renamed", handle: `new-${one}`, former_handles: [one], version: 2 },
  ]);
  const handles = [`new-${one}`, `new-${one}/below`];
  await expect.poll(() => categoriesOf(product.id), patience).toEqual(handles);
  for (const name of [...handles, one, `${one}/below`, top.id, below.id])
    await expect.poll(() => listedIn(name), patience).toEqual([product.id]);
  const searched = async (category: string) =>
    (await search({ category })).as(Found).data.map(({ id }) => id);
  for (const name of [...handles, one, `${one}/below`])
    await expect.poll(() => searched(name), patience).toEqual([product.id]);
});

test("a category moves with its products, and not below itself", async () => {
  const { one, other, top, below, elsewhere, product } = await scene();
  const circle = await change("PATCH", top.id, '"v1"', { parent: below.handle });
  expect([circle.status, circle.as(Problem).code]).toEqual([400, "invalid_request"]);
  expect((await change("PATCH", top.id, '"v1"', { parent: top.id })).status).toBe(400);
  expect((await change("PATCH", below.id, '"v1"', { parent: other })).body).toMatchObject({
    parent_id: elsewhere.id,
    handle: below.handle,
  });
  await expect
    .poll(async () => (await categoriesOf(product.id)).toSorted(), patience)
    .toEqual([other, below.handle].toSorted());
  await expect.poll(() => listedIn(other), patience).toEqual([product.id]);
  await expect.poll(() => listedIn(one), patience).toEqual([]);
});

test("two moves at once make no circle", async () => {
  const [one, other] = await Promise.all(
    [uniqueWord(), uniqueWord()].map(async (title) => (await make({ title })).as(Category)),
  );
  if (one === undefined || other === undefined) throw new Error("two were made");
  const answers = await Promise.all([
    change("PATCH", one.id, '"v1"', { parent: other.id }),
    change("PATCH", other.id, '"v1"', { parent: one.id }),
  ]);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(1);
});

test("what was read before a change, or without naming it, changes nothing", async () => {
  const { id } = (await make({ title: uniqueWord() })).as(Category);
  const described = {
    description: "What it is",
    image: { url: "/i.png", alt: "It" },
    position: 3,
    metadata: { a: "1" },
  };
  expect((await change("PATCH", id, '"v1"', described)).body).toMatchObject({ ...described, version: 2 });
  expect(
    (await change("PATCH", id, '"v2"', { metadata: { a: null, b: "2" }, image: null })).body,
  ).toMatchObject({
    metadata: { b: "2" },
    image: null,
    description: "What it is",
  });
  expect((await change("PATCH", id, '"v2"', { title: "Late" })).status).toBe(412);
  expect((await change("DELETE", id, '"v2"')).status).toBe(412);
  const without = await request(`/admin/categories/${id}`, { method: "DELETE", token: await adminToken() });
  expect(without.status).toBe(428);
  const read = await request(`/admin/categories/${id}`, { token: await adminToken() });
  expect([read.headers.get("etag"), read.body]).toMatchObject(['"v3"', { description: "What it is" }]);
});

test("a category is deleted when nothing is in it, or its products have somewhere to go", async () => {
  const { one, other, top, below, product } = await scene();
  const refusals = [await change("DELETE", top.id, '"v1"'), await change("DELETE", below.id, '"v1"')];
  for (const refused of refusals)
    expect([refused.status, refused.as(Problem).code]).toEqual([409, "category_in_use"]);
  expect((await change("DELETE", `${below.id}?move_products_to=${other}`, '"v1"')).status).toBe(204);
  expect((await change("DELETE", below.id, '"v2"')).status).toBe(404);
  await expect.poll(() => categoriesOf(product.id), patience).toEqual([other]);
  await expect.poll(() => listedIn(`${one}/below`), patience).toEqual([product.id]);
  await expect.poll(() => listedIn(one), patience).toEqual([]);
  expect((await change("DELETE", top.id, '"v1"')).status).toBe(204);
  const shown = async () => (await request("/categories")).as(Tree).data.map(({ handle }) => handle);
  await expect.poll(shown, patience).not.toContain(one);
});
