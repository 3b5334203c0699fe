import { beforeAll, describe, expect, test } from "vitest";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request } from "../../stack.ts";
import { createProduct, uniqueWord } from "../catalog/catalog-client.ts";
import { Found, countsOf, expectFound, search } from "./search-client.ts";

/** A word that all products of this file share and no others have. */
const shelf = uniqueWord();
const [acme, other] = [`Acme ${shelf}`, `Other ${shelf}`];
const rated = new Map<string, string>();

async function stocked(title: string, fields: Record<string, unknown>): Promise<string> {
  const product = await createProduct({ title: `${title} ${shelf}`, ...fields });
  rated.set(title, product.id);
  return product.id;
}

function variant(name: string, price: number, more: Record<string, unknown> = {}) {
  return { sku: `${name}-${shelf}`, price, ...more };
}

const colours = (...values: string[]) => [{ name: "Colour", values }];

beforeAll(async () => {
  const ids = await Promise.all([
    stocked("tent", {
      brand: acme,
      tags: [`camping ${shelf}`],
      options: colours("Green", "Red"),
      variants: [
        variant("tent-g", 10_000, { options: { Colour: "Green" }, initial_quantity: 3 }),
        variant("tent-r", 30_000, { options: { Colour: "Red" } }),
      ],
    }),
    stocked("jacket", {
      brand: other,
      options: colours("Green"),
      variants: [variant("jacket", 20_000, { options: { Colour: "Green" } })],
    }),
    stocked("boot", {
      brand: other,
      options: colours("Red"),
      variants: [variant("boot", 20_500, { options: { Colour: "Red" }, initial_quantity: 2 })],
    }),
    stocked("kettle", { variants: [variant("kettle", 4_000, { initial_quantity: 0 })] }),
  ]);
  for (const [title, sum] of [
    ["tent", 9],
    ["boot", 7],
  ] as const)
    await inDatabase(
      "update products set rating_sum = $1, rating_count = 2, version = version + 1 where id = $2",
      [sum, rated.get(title)],
    );
  // The index hears of ratings that were written by hand when the products change.
  for (const title of ["tent", "boot"])
    expect(
      await request(`/admin/products/${rated.get(title)}`, {
        method: "PATCH",
        token: await adminToken(),
        headers: { "content-type": "application/merge-patch+json", "if-match": '"v2"' },
        json: { description: `A rated ${title}` },
      }),
    ).toMatchObject({ status: 200 });
  await expectFound({ q: shelf }, ids);
  await expectFound({ q: shelf, in_stock: "true" }, [rated.get("tent") ?? "", rated.get("boot") ?? ""]);
  await expectFound({ q: shelf, rating_min: "4" }, [rated.get("tent") ?? ""]);
  await expectFound({ q: shelf, rating_min: "3" }, [rated.get("tent") ?? "", rated.get("boot") ?? ""]);
});

async function found(query: Record<string, string | readonly string[]>): Promise<Found> {
  return (await search({ q: `"${shelf}"`, ...query })).as(Found);
}

describe("options and stock", () => {
  test("hold of one and the same variant, not each of another", async () => {
    const word = uniqueWord();
    const options = [
      { name: "Colour", values: ["Red", "Blue"] },
      { name: "Size", values: ["S", "M"] },
    ];
    const one = (colour: string, size: string, quantity: number) => ({
      sku: `${word}-${colour}-${size}`,
      price: 1_000,
      options: { Size: size, Colour: colour },
      initial_quantity: quantity,
    });
    const { id } = await createProduct({
      title: word,
      options,
      variants: [one("Red", "S", 3), one("Blue", "M", 3), one("Blue", "S", 0)],
    });
    await expectFound({ q: word }, [id]);
    const ids = async (query: Record<string, string | readonly string[]>) =>
      (await search({ q: word, ...query })).as(Found).data.map((product) => product.id);
    expect(await ids({ option: ["Colour:Red", "Size:S"] })).toEqual([id]);
    expect(await ids({ option: ["Colour:Red", "Size:M"] })).toEqual([]);
    expect(await ids({ option: ["Colour:Red", "Colour:Blue", "Size:M"] })).toEqual([id]);
    expect(await ids({ option: ["Colour:Blue", "Size:S"], in_stock: "true" })).toEqual([]);
    expect(await ids({ option: ["Colour:Blue", "Size:S"], in_stock: "false" })).toEqual([id]);
    expect(await ids({ option: "Colour:Blue", in_stock: "true" })).toEqual([id]);
    const counted = (await search({ q: word, option: ["Colour:Red", "Size:S"], facets: "options" })).as(
      Found,
    );
    expect(countsOf(counted, "options.Size")).toEqual({ S: 1, M: 1 });
  });
});

describe("without filters", () => {
  test("values are counted, the most frequent first", async () => {
    const all = await found({ facets: "brand,in_stock,options.Colour,tags" });
    expect(countsOf(all, "brand")).toEqual({ [acme]: 1, [other]: 2 });
    expect(all.facets["brand"]?.values.map(({ value }) => value)).toEqual([other, acme]);
    expect(countsOf(all, "options.Colour")).toEqual({ Green: 2, Red: 2 });
    expect(countsOf(all, "in_stock")).toEqual({ true: 2, false: 2 });
    expect(countsOf(all, "tags")).toEqual({ [`camping ${shelf}`]: 1 });
  });

  test("prices are counted in bands from the lowest, a product in the band of each of its prices", async () => {
    const { price } = (await found({ facets: "price" })).facets;
    expect(price?.range).toEqual({ min: 4_000, max: 30_000 });
    expect(price?.values).toEqual([
      { value: "2500-4999", count: 1, selected: false, price_min: 2_500, price_max: 4_999 },
      { value: "10000-24999", count: 3, selected: false, price_min: 10_000, price_max: 24_999 },
      { value: "25000-49999", count: 1, selected: false, price_min: 25_000, price_max: 49_999 },
    ]);
  });

  test("each band finds as many products as it counts", async () => {
    const { price } = (await found({ facets: "price" })).facets;
    for (const { count, price_min, price_max } of price?.values ?? []) {
      const page = await found({ price_min: String(price_min), price_max: String(price_max) });
      expect(page.total).toBe(count);
    }
  });

  test("ratings are counted as so many stars and up", async () => {
    const all = await found({ facets: "rating" });
    expect(countsOf(all, "rating")).toEqual({ 1: 2, 2: 2, 3: 2, 4: 1 });
    expect(all.facets["rating"]?.range).toEqual({ min: 0, max: 4.5 });
  });

  test("of all options are told by their names", async () => {
    const { facets } = await found({ facets: "options" });
    expect(Object.keys(facets)).toEqual(["options.Colour"]);
  });
});

describe("a facet's own filter does not narrow its counts, the filters of others do", () => {
  test("of brands", async () => {
    const page = await found({ brand: other, facets: "brand,in_stock,options.Colour" });
    expect(page.total).toBe(2);
    expect(countsOf(page, "brand")).toEqual({ [acme]: 1, [other]: 2 });
    expect(page.facets["brand"]?.values.map(({ selected }) => selected)).toEqual([true, false]);
    expect(countsOf(page, "in_stock")).toEqual({ true: 1, false: 1 });
    expect(countsOf(page, "options.Colour")).toEqual({ Green: 1, Red: 1 });
  });

  test("of two filtered facets each counts under the other's filter", async () => {
    const page = await found({ brand: other, option: "Colour:Red", facets: "brand,options" });
    expect(page.data.map(({ id }) => id)).toEqual([rated.get("boot")]);
    expect(countsOf(page, "brand")).toEqual({ [acme]: 1, [other]: 1 });
    expect(countsOf(page, "options.Colour")).toEqual({ Green: 1, Red: 1 });
  });

  test("of prices, ratings and stock", async () => {
    const page = await found({
      price_min: "10000",
      price_max: "24999",
      rating_min: "4",
      in_stock: "true",
      facets: "price,rating,in_stock",
    });
    expect(page.data.map(({ id }) => id)).toEqual([rated.get("tent")]);
    expect(
      page.facets["price"]?.values.map(({ value, count, selected }) => [value, count, selected]),
    ).toEqual([
      ["10000-24999", 1, true],
      ["25000-49999", 1, false],
    ]);
    expect(countsOf(page, "rating")).toEqual({ 1: 2, 2: 2, 3: 2, 4: 1 });
    expect(countsOf(page, "in_stock")).toEqual({ true: 1 });
  });

  test("a chosen value that nothing has stays in sight", async () => {
    const page = await found({ brand: "Nobody", facets: "brand" });
    expect(page.total).toBe(0);
    expect(page.facets["brand"]?.values.at(-1)).toEqual({ value: "Nobody", count: 0, selected: true });
  });
});

describe("a filter may be repeated", () => {
  test("and finds whatever fits one of its values", async () => {
    expect((await found({ brand: [acme, other] })).total).toBe(3);
    expect((await found({ brand: [acme, "Nobody"] })).total).toBe(1);
    expect((await found({ tag: `camping ${shelf}` })).total).toBe(1);
    expect((await found({ option: ["Colour:Red", "Colour:Green"] })).total).toBe(3);
  });

  test.each([{ option: "Red" }, { option: ":Red" }, { option: "Colour:" }, { brand: Array(21).fill("x") }])(
    "and refuses %j",
    async (query) => {
      expect((await search(query)).status).toBe(400);
    },
  );
});
