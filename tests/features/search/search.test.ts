import { beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { adminToken, costOf, request } from "../../stack.ts";
import { Problem, type Product, createProduct, patchProduct, uniqueWord } from "../catalog/catalog-client.ts";
import { Found, expectFound, search, searchUntil } from "./search-client.ts";

/** A word that all products of this file share and no others have. */
const shelf = uniqueWord();
const brand = `Brand "${shelf}"`;

let tent: Product;
let jacket: Product;
let kettle: Product;

beforeAll(async () => {
  tent = await createProduct({
    title: `Breeze Tent ${shelf}`,
    description: "<p>Pitches in <b>two</b> minutes &amp; packs small.</p>",
    brand,
    tags: ["camping"],
    options: [{ name: "Colour", values: ["Green", "Red"] }],
    variants: [
      { sku: `TENT-${shelf}-G`, price: 10_000, options: { Colour: "Green" }, initial_quantity: 3 },
      { sku: `TENT-${shelf}-R`, price: 30_000, options: { Colour: "Red" } },
    ],
  });
  jacket = await createProduct({
    title: `Summit Jacket ${shelf}`,
    description: "<p>Keeps the rain out.</p>",
    brand: `Other ${shelf}`,
    options: [{ name: "Colour", values: ["Green"] }],
    variants: [{ sku: `JACK-${shelf}`, price: 20_000, options: { Colour: "Green" } }],
  });
  kettle = await createProduct({
    title: `Whistling Kettle <b>${shelf}</b>`,
    variants: [{ sku: `KETT-${shelf}`, price: 4_000, initial_quantity: 0 }],
  });
  await expectFound({ q: shelf }, [tent.id, jacket.id, kettle.id]);
  await expectFound({ q: shelf, in_stock: "true" }, [tent.id]);
});

describe("what is found", () => {
  test("a hit has the fields of a product in a list, and what matched", async () => {
    // What an inventory object reports shows in both, not at the same moment.
    await vi.waitFor(async () => {
      const listed = await request(`/products/${tent.id}`);
      const found = (await search({ q: `tent ${shelf}` })).as(Found);
      const { highlight, ...product } = found.data[0] ?? { highlight: undefined };
      expect(product).toEqual(listed.body);
      expect(highlight?.title).toBe(`Breeze <em>Tent</em> <em>${shelf}</em>`);
      expect(highlight?.description).toBe("Pitches in two minutes &amp; packs small.");
    }, 25_000);
  });

  test("a typo in a word still finds it", async () => {
    const found = (await search({ q: `jackt ${shelf}` })).as(Found);
    expect(found.data[0]?.id).toBe(jacket.id);
  });

  test("another word for the same thing finds it", async () => {
    // Another test takes the words away for a moment.
    await searchUntil({ q: `anorak ${shelf}` }, ({ data }) => data[0]?.id === jacket.id);
  });

  test("a SKU finds its product, a SKU with a typo none", async () => {
    const sku = uniqueWord();
    const product = await createProduct({ variants: [{ sku, price: 100 }] });
    await expectFound({ q: sku }, [product.id]);
    const mistyped = (await search({ q: `${sku.slice(0, -2)}#${sku.slice(-1)}`.replace("#", "zz") })).as(
      Found,
    );
    expect(mistyped.data).toEqual([]);
  });

  test("markup in a title is escaped in the highlight", async () => {
    const [hit] = (await search({ q: `whistling ${shelf}` })).as(Found).data;
    expect(hit?.highlight.title).toBe(`<em>Whistling</em> Kettle &lt;b&gt;<em>${shelf}</em>&lt;/b&gt;`);
  });

  test("a sign that touches a word does not hide it", async () => {
    const word = uniqueWord();
    const { id } = await createProduct({ title: `Oz® ${word} |rim| <hub> 20°tilt 5€ Lux™` });
    await expectFound({ q: `"oz ${word} rim hub 20 tilt 5 lux"` }, [id]);
  });

  test("no words find everything that passes the filters", async () => {
    await expectFound({ brand }, [tent.id]);
  });
});

describe("filters and order", () => {
  test.each([
    [{ price_max: "5000" }, () => [kettle.id]],
    [{ price_min: "15000" }, () => [tent.id, jacket.id]],
    [{ price_min: "11000", price_max: "29000" }, () => [jacket.id]],
    [{ in_stock: "false" }, () => [jacket.id, kettle.id]],
    [{ currency: "XXX" }, () => []],
    [{ rating_min: "1" }, () => []],
    [{ brand: `Other ${shelf}` }, () => [jacket.id]],
    [{ category: "no-such-category" }, () => []],
  ])("%j", async (filters, ids) => {
    await expectFound({ q: `"${shelf}"`, ...filters }, ids());
  });

  test("prices order both ways", async () => {
    const order = async (sort: string) =>
      (await search({ q: shelf, sort })).as(Found).data.map(({ id }) => id);
    expect(await order("price")).toEqual([kettle.id, tent.id, jacket.id]);
    expect(await order("-price")).toEqual([jacket.id, tent.id, kettle.id]);
  });

  test("pages follow one another and know the total", async () => {
    const pages = await Promise.all(
      ["1", "2", "3"].map(async (page) =>
        (await search({ q: shelf, sort: "price", limit: "2", page })).as(Found),
      ),
    );
    expect(pages.map(({ data }) => data.length)).toEqual([2, 1, 0]);
    expect(pages.map(({ total }) => total)).toEqual([3, 3, 3]);
  });

  test.each([
    `" OR 1=1`,
    `x" OR brand EXISTS OR brand = "`,
    `\\" OR brand EXISTS OR brand = \\"`,
    `x\\`,
    `' OR price_min > 0 OR brand = '`,
    `x" TO "y`,
    `IN [${shelf}]`,
  ])("the brand %j is a brand that nobody has, and no condition", async (text) => {
    const answer = await search({ q: shelf, brand: text });
    expect(answer.as(Found)).toMatchObject({ data: [], total: 0, degraded: false });
  });

  test("a brand with quotes in it is found by its name", async () => {
    await expectFound({ q: shelf, brand }, [tent.id]);
  });
});

const WithQueryId = z.object({ query_id: z.string() });

describe("the request", () => {
  test("costs one call of the database at most, for the stock, and is not kept by anybody", async () => {
    const answer = await search({ q: shelf, facets: "brand" });
    expect(answer.as(Found).degraded).toBe(false);
    const { databaseCalls, objectCalls } = costOf(answer);
    expect(databaseCalls).toBeLessThanOrEqual(2);
    expect(objectCalls).toBe(0);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("costs little when many ask the same at once, and each has an id of its own", async () => {
    const startedAt = Date.now();
    const answers = await Promise.all(Array.from({ length: 40 }, () => search({ q: shelf, limit: "7" })));
    const databaseCalls = answers.reduce((sum, answer) => sum + costOf(answer).databaseCalls, 0);
    // The stock is read anew every half second, and the categories now and then.
    expect(databaseCalls).toBeLessThanOrEqual(2 + Math.ceil((Date.now() - startedAt) / 250));
    expect(new Set(answers.map((answer) => answer.as(WithQueryId).query_id)).size).toBe(40);
  });

  test.each([
    { colour: "red" },
    { sort: "cheapest" },
    { limit: "101" },
    { page: "0" },
    { facets: "skus" },
    { facets: "options.*" },
    { price_min: "-1" },
    { q: "x".repeat(201) },
    { q: "\u0000" },
    { in_stock: "maybe" },
  ])("refuses %j", async (query) => {
    const answer = await search(Object.fromEntries(Object.entries(query)));
    expect(answer.status).toBe(400);
    expect(answer.as(Problem).code).toBe("invalid_request");
  });
});

describe("the index follows the catalogue", () => {
  test("a new title is found and the old one is not", async () => {
    const [before, after] = [uniqueWord(), uniqueWord()];
    const product = await createProduct({ title: `Lamp ${before}` });
    await expectFound({ q: before }, [product.id]);
    await patchProduct(product.id, { title: `Lamp ${after}` }, `"v${product.version}"`);
    await expectFound({ q: after }, [product.id]);
    await searchUntil({ q: `"${before}"` }, ({ total }) => total === 0);
  });

  test("an archived product disappears, and comes back when it is active again", async () => {
    const word = uniqueWord();
    const product = await createProduct({ title: `Lamp ${word}` });
    await expectFound({ q: word }, [product.id]);
    const archived = await patchProduct(product.id, { status: "archived" }, `"v${product.version}"`);
    expect(archived.status).toBe(200);
    await expectFound({ q: word }, []);
    await patchProduct(product.id, { status: "active" }, archived.headers.get("etag") ?? "");
    await expectFound({ q: word }, [product.id]);
  });

  test("a draft is not found", async () => {
    const word = uniqueWord();
    const draft = await createProduct({ title: `Secret lamp ${word}`, status: "draft" });
    const active = await createProduct({ title: `Lamp ${word}` });
    await expectFound({ q: word }, [active.id]);
    expect(draft.status).toBe("draft");
  });

  test("stock that runs out is seen", async () => {
    const word = uniqueWord();
    const sku = `SKU-${word}`;
    const product = await createProduct({
      title: `Lamp ${word}`,
      variants: [{ sku, price: 100, initial_quantity: 20 }],
    });
    await expectFound({ q: word, in_stock: "true" }, [product.id]);
    const shrunk = await request(`/admin/inventory/${sku}/adjustments`, {
      method: "POST",
      token: await adminToken(),
      headers: { "idempotency-key": word },
      json: { kind: "shrink", quantity: 20, reason: "lost" },
    });
    expect(shrunk.status).toBe(201);
    await expectFound({ q: word, in_stock: "false" }, [product.id]);
  });
});
