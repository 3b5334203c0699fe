import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Product, createProduct, importReport, patchProduct, uniqueWord } from "./catalog-client.ts";

const Report = z.object({
  changed: z.int(),
  unchanged: z.int(),
  refused: z.int(),
  data: z.array(z.looseObject({ id: z.string(), outcome: z.string() })),
});

type Asked = { id: string; version?: number };

async function bulk(products: Asked[], change: Record<string, unknown>, key: string = randomUUID()) {
  return request("/admin/products/bulk", {
    method: "POST",
    token: await adminToken(),
    headers: { "idempotency-key": key },
    json: { products, change },
  });
}

const read = async (id: string) =>
  (await request(`/admin/products/${id}`, { token: await adminToken() })).as(Product);

test("each product has its outcome, and one that is refused stops no other", async () => {
  const [one, other, archived] = [
    await createProduct(),
    await createProduct(),
    await createProduct({ status: "archived" }),
  ];
  await patchProduct(other.id, { brand: "Somebody was faster" }, '"v1"');
  const nobody = `prd_${"0".repeat(26)}`;
  const answer = await bulk(
    [{ id: one.id, version: 1 }, { id: other.id, version: 1 }, { id: nobody }, { id: archived.id }],
    { action: "set_status", status: "archived" },
  );
  expect(answer.as(Report)).toMatchObject({ changed: 1, unchanged: 1, refused: 2 });
  expect(answer.as(Report).data).toEqual([
    { id: one.id, outcome: "changed", version: 2 },
    { id: other.id, outcome: "refused", code: "version_mismatch", detail: expect.any(String) },
    { id: nobody, outcome: "refused", code: "not_found", detail: expect.any(String) },
    { id: archived.id, outcome: "unchanged", version: 1 },
  ]);
  expect([(await read(one.id)).status, (await read(other.id)).status]).toEqual(["archived", "active"]);
  await expect.poll(async () => (await request(`/products/${one.id}`)).status, { timeout: 25_000 }).toBe(404);
});

test("prices are set, and changed by percent to whole minor units", async () => {
  const word = uniqueWord();
  const variants = [
    { sku: `A-${word}`, price: 999, options: { Size: "S" } },
    { sku: `B-${word}`, price: 1005, compare_at_price: 2000, options: { Size: "M" } },
  ];
  const { id } = await createProduct({ variants, options: [{ name: "Size", values: ["S", "M"] }] });
  await bulk([{ id }], { action: "change_price", percent: -12.5, keep_former_price: true });
  expect(await read(id)).toMatchObject({
    version: 2,
    price_min: { amount: 874 },
    variants: [
      { price: { amount: 874 }, compare_at_price: { amount: 999 } },
      { price: { amount: 879 }, compare_at_price: { amount: 1005 } },
    ],
  });
  await bulk([{ id }], { action: "set_price", price: 500, compare_at_price: null });
  expect(await read(id)).toMatchObject({ price_min: { amount: 500 }, price_max: { amount: 500 } });
  const tooHigh = await createProduct({ variants: [{ sku: uniqueWord(), price: 9_000_000_000 }] });
  const answer = await bulk([{ id: tooHigh.id }, { id }], { action: "change_price", percent: 100 });
  expect(answer.as(Report).data).toMatchObject([{ outcome: "refused" }, { outcome: "changed" }]);
});

test("tags and categories come and go; a category goes with those below it and leaves those above", async () => {
  const word = uniqueWord();
  await importReport(
    `Handle,Title,Product Category,Tags,Variant SKU,Variant Price\nt-${word},Tent,Top ${word} > Mid > Low,"a, b",T-${word},1`,
  );
  const { id } = (await request(`/products/t-${word}`)).as(Product);
  await bulk([{ id }], { action: "add_tags", tags: ["b", "c"] });
  await bulk([{ id }], { action: "remove_tags", tags: ["a"] });
  await bulk([{ id }], { action: "remove_categories", categories: [`top-${word}/mid`] });
  const after = await read(id);
  expect(after.tags).toEqual(["b", "c"]);
  expect(after.categories.map(({ handle }) => handle)).toEqual([`top-${word}`]);
  await bulk([{ id }], { action: "add_categories", categories: [`top-${word}/mid/low`] });
  expect((await read(id)).categories).toHaveLength(3);
  const unknown = await bulk([{ id }], { action: "add_categories", categories: ["nowhere"] });
  expect(unknown.status).toBe(400);
});

test("a repetition gets the first report, and two at once change each product once or tell", async () => {
  const { id } = await createProduct();
  const key = randomUUID();
  const change = { action: "change_price", percent: 10 };
  const first = await bulk([{ id }], change, key);
  const again = await bulk([{ id }], change, key);
  expect([again.headers.get("idempotent-replayed"), again.body]).toEqual(["true", first.body]);
  expect(await read(id)).toMatchObject({ version: 2, price_min: { amount: 2199 } });
  const rivals = await Promise.all([1, 2, 3].map(() => bulk([{ id, version: 2 }], change)));
  const outcomes = rivals.flatMap((answer) => answer.as(Report).data.map(({ outcome }) => outcome));
  expect(outcomes.toSorted((a, b) => a.localeCompare(b))).toEqual(["changed", "refused", "refused"]);
});

test("a hundred products are the most, each named once, and customers change none", async () => {
  const { id } = await createProduct();
  const change = { action: "set_status", status: "active" };
  expect((await bulk([{ id }, { id }], change)).status).toBe(400);
  const many = Array.from({ length: 101 }, () => ({
    id: `prd_${randomUUID().replaceAll("-", "").slice(0, 26)}`,
  }));
  expect((await bulk(many, change)).status).toBe(400);
  const { token } = await registerCustomer();
  const json = { products: [{ id }], change };
  expect((await request("/admin/products/bulk", { method: "POST", token, json })).status).toBe(403);
});
