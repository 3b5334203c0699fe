import { beforeAll, expect, test } from "vitest";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, Product, ProductPage, createProduct, patchProduct, uniqueWord } from "./catalog-client.ts";

let token: string;
/** A word that all products of this file have, and no others. */
const family = uniqueWord();
const ids: string[] = [];

const list = (query: string) => request(`/admin/products?${query}`, { token });
const idsOf = async (query: string) => (await list(query)).as(ProductPage).data.map(({ id }) => id);

beforeAll(async () => {
  token = await adminToken();
  const category = { title: `Shelves ${family}` };
  const { handle } = (await request("/admin/categories", { method: "POST", token, json: category })).as(
    Product.pick({ handle: true }),
  );
  for (const [title, fields] of [
    ["Chair", { status: "active", brand: `Oak ${family}` }],
    ["Bench", { status: "draft", tags: [`tag ${family}`] }],
    ["Armchair", { status: "draft", categories: [handle] }],
    ["Desk", { status: "archived" }],
  ] as const)
    ids.push((await createProduct({ title: `${title} ${family}`, ...fields })).id);
});

const chair = () => ids[0];
const bench = () => ids[1];
const armchair = () => ids[2];
const desk = () => ids[3];

test("staff see products of every status, what changed last first, and each as it is read by itself", async () => {
  const page = (await list(`q=${family}`)).as(ProductPage);
  expect(page.data.map(({ id }) => id)).toEqual(ids.toReversed());
  for (const product of page.data)
    expect((await request(`/admin/products/${product.id}`, { token })).body).toEqual(product);
});

test("a status, a brand, a tag, a category and words narrow the list, together too", async () => {
  const categories = (await list(`q=armchair ${family}`)).as(ProductPage).data[0]?.categories ?? [];
  const cases: [string, (string | undefined)[]][] = [
    [`q=${family}&status=draft`, [armchair(), bench()]],
    [`q=${family}&status=archived`, [desk()]],
    [`brand=Oak ${family}`, [chair()]],
    [`tag=tag ${family}`, [bench()]],
    [`category=${categories[0]?.handle}`, [armchair()]],
    [`category=${categories[0]?.handle}&status=active`, []],
    [`category=none-${family}`, []],
    [`q=ARM ${family}`, [armchair()]],
    [`q=${family}&sort=title`, [armchair(), bench(), chair(), desk()]],
    [`q=${family}&sort=newest`, ids.toReversed()],
  ];
  for (const [query, expected] of cases) expect.soft(await idsOf(query), query).toEqual(expected);
});

test("a product is found by its handle and by a SKU", async () => {
  const { id, handle, variants } = await createProduct({ status: "draft" });
  expect(await idsOf(`q=${handle}`)).toEqual([id]);
  expect(await idsOf(`q=${variants[0]?.sku}`)).toEqual([id]);
});

test("pages follow one another forwards and back, through all statuses", async () => {
  for (const sort of ["updated", "newest", "title"]) {
    const whole = await idsOf(`q=${family}&sort=${sort}`);
    const first = (await list(`q=${family}&sort=${sort}&limit=3`)).as(ProductPage);
    const second = (await list(`q=${family}&sort=${sort}&limit=3&after=${first.next_cursor}`)).as(
      ProductPage,
    );
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(whole);
    expect(second.next_cursor).toBeNull();
    const back = await list(`q=${family}&sort=${sort}&limit=3&before=${second.previous_cursor}`);
    expect(back.as(ProductPage).data).toEqual(first.data);
  }
  const { next_cursor: next } = (await list(`q=${family}&limit=1`)).as(ProductPage);
  const refused = await list(`q=${family}&limit=1&status=draft&after=${next}`);
  expect([refused.status, refused.as(Problem).code]).toEqual([400, "invalid_cursor"]);
});

test("what changed since a moment is listed, and a change brings a product to the beginning at once", async () => {
  const before = (await list(`q=${family}`)).as(ProductPage).data;
  const oldest = before.at(-1);
  const since = encodeURIComponent(String(before[0]?.["updated_at"]));
  expect(oldest?.id).toBe(chair());
  expect((await patchProduct(String(chair()), { tags: ["changed"] }, `"v${oldest?.version}"`)).status).toBe(
    200,
  );
  expect((await idsOf(`q=${family}`))[0]).toBe(chair());
  expect(await idsOf(`q=${family}&updated_since=${since}`)).toEqual([chair(), before[0]?.id]);
  expect(await idsOf(`q=${family}&updated_since=0000-01-01T00:00:00Z`)).toHaveLength(ids.length);
});

test("customers and guests do not see the list, and what it does not know is refused", async () => {
  const customer = await registerCustomer();
  expect((await request("/admin/products", { token: customer.token })).status).toBe(403);
  expect((await request("/admin/products")).status).toBe(401);
  for (const query of [
    "status=gone",
    "sort=price",
    "updated_since=yesterday",
    "q=",
    "limit=101",
    "colour=red",
  ])
    expect((await list(query)).status, query).toBe(400);
});
