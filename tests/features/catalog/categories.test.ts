import { expect, test } from "vitest";
import { z } from "zod";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, createProduct, uniqueWord } from "./catalog-client.ts";

const Category = z.object({ id: z.string(), handle: z.string(), parent_id: z.string().nullable() });
const Tree = z.object({
  data: z.array(z.looseObject({ handle: z.string(), children: z.array(z.unknown()) })),
});

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
  await expect.poll(shown, { timeout: 25_000 }).toMatchObject({ children: [{ handle: below.handle }] });
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
