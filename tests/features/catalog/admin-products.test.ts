import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, Product, createProduct, patchProduct, uniqueWord } from "./catalog-client.ts";

const newProduct = () => {
  const word = uniqueWord();
  return { title: `Lamp ${word}`, variants: [{ sku: `LAMP-${word}`, price: 17900 }] };
};
const post = async (json: unknown, headers: Record<string, string> = {}) =>
  request("/admin/products", { method: "POST", json, headers, token: await adminToken() });

describe("making products", () => {
  test("a product comes with its variants, a handle of its title and version 1", async () => {
    const word = uniqueWord();
    const answer = await post({
      title: `Räder & Öl ${word}`,
      description: `<p onclick="steal()">Good <b>oil</b></p><script>steal()</script>`,
      options: [{ name: "Size", values: ["S", "L"] }],
      variants: [
        { sku: `OIL-S-${word}`, price: 900, options: { Size: "S" } },
        { sku: `OIL-L-${word}`, price: 1500, compare_at_price: 1800, options: { Size: "L" } },
      ],
      status: "active",
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("etag")).toBe('"v1"');
    const product = answer.as(Product);
    expect(product).toMatchObject({
      handle: `rader-ol-${word}`,
      description: "<p>Good <b>oil</b></p>",
      price_min: { amount: 900, currency: "USD" },
      version: 1,
    });
    expect(product.variants.map(({ title }) => title)).toEqual(["S", "L"]);
    const read = await request(`/admin/products/${product.id}`, { token: await adminToken() });
    expect(read.body).toEqual(answer.body);
  });

  test("the first count of a new variant reaches the inventory once, and later ones do not", async () => {
    const { variants: sent, ...product } = newProduct();
    const variants = sent.map((variant) => ({ ...variant, initial_quantity: 4 }));
    const { id } = (await post({ ...product, variants, status: "active" })).as(Product);
    const available = async () => (await request(`/products/${id}`)).as(Product).variants[0]?.available;
    await expect.poll(available, { timeout: 25_000, interval: 100 }).toBe(4);
    await patchProduct(
      id,
      { variants: sent.map((variant) => ({ ...variant, initial_quantity: 9 })) },
      '"v1"',
    );
    await patchProduct(id, { title: "Counted once" }, '"v1"');
    await expect
      .poll(async () => (await request(`/products/${id}`)).as(Product).title, { timeout: 25_000 })
      .toBe("Counted once");
    expect(await available()).toBe(4);
  });

  test("the same key makes one product, also when both requests come at once", async () => {
    const body = newProduct();
    const headers = { "idempotency-key": randomUUID() };
    const answers = await Promise.all([post(body, headers), post(body, headers)]);
    // The later one is answered the same, or told to wait for the first.
    const made = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status !== 201);
    for (const answer of waiting) expect(answer.as(Problem).code).toBe("idempotency_conflict");
    const again = await post(body, headers);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(made.map((answer) => answer.body)).toEqual(made.map(() => again.body));
  });

  test("a handle or a SKU that is taken is refused", async () => {
    const first = await createProduct();
    const sameHandle = await post({ ...newProduct(), handle: first.handle });
    expect([sameHandle.status, sameHandle.as(Problem).code]).toEqual([409, "handle_taken"]);
    const sameSku = await post({ ...newProduct(), variants: [{ sku: first.variants[0]?.sku, price: 1 }] });
    expect([sameSku.status, sameSku.as(Problem).code]).toEqual([409, "sku_taken"]);
  });

  test.each([
    ["an option that the product has not", { variants: [{ sku: "A", price: 1, options: { Size: "S" } }] }],
    ["no variant", { variants: [] }],
    ["a price with a fraction", { variants: [{ sku: "A", price: 1.5 }] }],
    ["an unknown field", { colour: "red" }],
    ["an unknown category", { categories: ["nowhere-at-all"] }],
    ["a NUL character", { title: "Nul\u0000" }],
    ["half a character", { title: "Half \ud800" }],
  ])("%s is refused", async (_, fields) => {
    const answer = await post({ ...newProduct(), ...fields });
    expect(answer.status).toBe(400);
    expect(answer.as(Problem).code).toBe("invalid_request");
  });

  test("only staff may", async () => {
    const { token } = await registerCustomer();
    expect((await request("/admin/products", { method: "POST", json: newProduct(), token })).status).toBe(
      403,
    );
    expect((await request("/admin/products", { method: "POST", json: newProduct() })).status).toBe(401);
  });
});

describe("changing products", () => {
  test("of two changes to one version exactly one wins", async () => {
    const { id } = await createProduct();
    const answers = await Promise.all(["One", "Two"].map((title) => patchProduct(id, { title }, '"v1"')));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
    const winner = answers.find(({ status }) => status === 200);
    expect(winner?.headers.get("etag")).toBe('"v2"');
    const now = await request(`/admin/products/${id}`, { token: await adminToken() });
    expect(now.body).toEqual(winner?.body);
  });

  test("without If-Match 428, with a stale one 412, with another content type 415", async () => {
    const { id } = await createProduct();
    expect((await patchProduct(id, { title: "x" })).status).toBe(428);
    expect((await patchProduct(id, { title: "x" }, '"v9"')).status).toBe(412);
    const asJson = await request(`/admin/products/${id}`, {
      method: "PATCH",
      json: { title: "x" },
      headers: { "if-match": '"v1"' },
      token: await adminToken(),
    });
    expect(asJson.status).toBe(415);
  });

  test("null empties, absence keeps, and variants keep their ids by SKU", async () => {
    const before = await createProduct({ brand: "Kestrel", tags: ["a"], description: "<p>x</p>" });
    const [variant] = before.variants;
    const patch = {
      brand: null,
      tags: null,
      options: [{ name: "Size", values: ["S", "M"] }],
      variants: [
        { sku: `${variant?.sku}-M`, price: 2500, options: { Size: "M" } },
        { sku: variant?.sku, price: 2000, options: { Size: "S" } },
      ],
    };
    const after = (await patchProduct(before.id, patch, '"v1"')).as(Product);
    expect(after).toMatchObject({ brand: null, tags: [], description: "<p>x</p>", version: 2 });
    expect(after.variants.map(({ title }) => title)).toEqual(["M", "S"]);
    expect(after.variants[1]?.id).toBe(variant?.id);
  });

  test("a patch that changes nothing makes no version", async () => {
    const { id, title } = await createProduct();
    const answer = await patchProduct(id, { title }, '"v1"');
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"v1"']);
  });

  test("an archived product is off sale and stays readable for staff", async () => {
    const { id, handle } = await createProduct();
    const token = await adminToken();
    const remove = (version: string) =>
      request(`/admin/products/${id}`, { method: "DELETE", headers: { "if-match": version }, token });
    expect((await remove('"v3"')).status).toBe(412);
    expect((await remove('"v1"')).status).toBe(204);
    await expect
      .poll(async () => (await request(`/products/${handle}`)).status, { timeout: 25_000 })
      .toBe(404);
    expect((await request(`/admin/products/${id}`, { token })).body).toMatchObject({ status: "archived" });
  });

  test("an id that no product has is 404", async () => {
    const answer = await patchProduct("prd_00000000000000000000000000", { title: "x" }, '"v1"');
    expect(answer.status).toBe(404);
    expect((await request("/products/no-such-handle")).status).toBe(404);
    expect((await request("/products/%00")).status).toBe(400);
  });
});
