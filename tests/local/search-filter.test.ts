import { expect, test } from "vitest";
import { startWithProducts } from "./search-setup.ts";

const PRODUCTS = [
  {
    id: 1,
    title: "Shirt",
    brand: "Acme",
    price: 1000,
    in_stock: true,
    tags: ["cotton", "Blue"],
    discount: null,
  },
  { id: 2, title: "Hat", brand: "Acme & Sons", price: 2500, in_stock: false, tags: [], note: "" },
  { id: 3, title: "Shoes", brand: "Nordic", price: 9900, in_stock: true, tags: ["leather"] },
  { id: 4, title: "Boots", brand: "nordic", price: 12000.5, variants: [{ color: "red" }, { color: "blue" }] },
];

const SETTINGS = {
  filterableAttributes: ["brand", "price", "in_stock", "tags", "discount", "note", "variants.color"],
  sortableAttributes: ["price"],
};

test("every operator of a filter selects what it says", async () => {
  const { titlesOf } = await startWithProducts(PRODUCTS, SETTINGS);
  const expected: Record<string, string[]> = {
    "brand = nordic": ["Shoes", "Boots"],
    'brand = "Acme & Sons"': ["Hat"],
    "brand != nordic": ["Shirt", "Hat"],
    "price > 2500": ["Shoes", "Boots"],
    "price >= 2500": ["Hat", "Shoes", "Boots"],
    "price < 2500": ["Shirt"],
    "price <= 2500": ["Shirt", "Hat"],
    "price 2000 TO 9900": ["Hat", "Shoes"],
    "price = 12000.5": ["Boots"],
    "in_stock = true": ["Shirt", "Shoes"],
    "tags IN [leather, blue]": ["Shirt", "Shoes"],
    "tags NOT IN [leather, blue]": ["Hat", "Boots"],
    "in_stock EXISTS": ["Shirt", "Hat", "Shoes"],
    "in_stock NOT EXISTS": ["Boots"],
    "discount IS NULL": ["Shirt"],
    "discount IS NOT NULL": ["Hat", "Shoes", "Boots"],
    "tags IS EMPTY": ["Hat"],
    "note IS EMPTY": ["Hat"],
    "tags IS NOT EMPTY": ["Shirt", "Shoes", "Boots"],
    "brand STARTS WITH acme": ["Shirt", "Hat"],
    "brand CONTAINS sons": ["Hat"],
    "variants.color = blue": ["Boots"],
    "NOT price > 2500": ["Shirt", "Hat"],
    "in_stock = true AND price < 2000 OR brand = 'Acme & Sons'": ["Shirt", "Hat"],
    "in_stock = true AND (price < 2000 OR brand = nordic)": ["Shirt", "Shoes"],
  };
  for (const [filter, titles] of Object.entries(expected)) {
    expect(await titlesOf("", { filter }), filter).toEqual(titles);
  }
});

test("the array form means AND outside and OR inside", async () => {
  const { titlesOf } = await startWithProducts(PRODUCTS, SETTINGS);
  expect(await titlesOf("", { filter: [["brand = nordic", "price = 1000"], "in_stock = true"] })).toEqual([
    "Shirt",
    "Shoes",
  ]);
  expect(await titlesOf("", { filter: [] })).toHaveLength(4);
});

test("an attribute that is not filterable and a broken expression are refused", async () => {
  const { titlesOf } = await startWithProducts(PRODUCTS, SETTINGS);
  for (const filter of [
    "title = Hat",
    "price >",
    "price 1",
    "(price > 1",
    "price > 1 brand = x",
    "tags IN [a",
  ]) {
    await expect(titlesOf("", { filter }), filter).rejects.toMatchObject({
      cause: { code: "invalid_search_filter", type: "invalid_request" },
    });
  }
});

test("facets count the documents found, numbers come with their range", async () => {
  const { products } = await startWithProducts(PRODUCTS, SETTINGS);
  const all = await products.search("", { facets: ["brand", "price", "tags", "variants.color"] });
  expect(all.facetDistribution).toEqual({
    brand: { Acme: 1, "Acme & Sons": 1, Nordic: 2 },
    price: { "1000": 1, "2500": 1, "9900": 1, "12000.5": 1 },
    tags: { Blue: 1, cotton: 1, leather: 1 },
    "variants.color": { blue: 1, red: 1 },
  });
  expect(all.facetStats).toEqual({ price: { min: 1000, max: 12000.5 } });
  const some = await products.search("sho", { facets: ["*"], filter: "price > 2500" });
  expect(some.facetDistribution).toMatchObject({ brand: { Nordic: 1 }, tags: { leather: 1 } });
  await expect(products.search("", { facets: ["title"] })).rejects.toMatchObject({
    cause: { code: "invalid_search_facets" },
  });
});

test("facet values can be ordered by count, limited and searched with a typo", async () => {
  const { products } = await startWithProducts(PRODUCTS, {
    ...SETTINGS,
    faceting: { maxValuesPerFacet: 2, sortFacetValuesBy: { brand: "count" } },
  });
  const { facetDistribution } = await products.search("", { facets: ["brand"] });
  expect(Object.entries(facetDistribution?.["brand"] ?? {})).toEqual([
    ["Nordic", 2],
    ["Acme", 1],
  ]);
  const found = await products.searchForFacetValues({ facetName: "brand", facetQuery: "nordik" });
  expect(found).toMatchObject({ facetHits: [{ value: "Nordic", count: 2 }], facetQuery: "nordik" });
  const filtered = await products.searchForFacetValues({
    facetName: "brand",
    facetQuery: "a",
    filter: "price < 2000",
  });
  expect(filtered.facetHits).toEqual([{ value: "Acme", count: 1 }]);
});

test("a replaced document leaves its old facets, filters and words", async () => {
  const { products, titlesOf } = await startWithProducts(PRODUCTS, SETTINGS);
  await products.updateDocuments([{ id: 1, brand: "Zenith", title: "Blouse" }]).waitTask();
  expect(await titlesOf("shirt")).toEqual([]);
  expect(await titlesOf("", { filter: "brand = acme" })).toEqual([]);
  expect(await titlesOf("", { filter: "brand = zenith AND price = 1000" })).toEqual(["Blouse"]);
  const { facetDistribution } = await products.search("", { facets: ["brand"] });
  expect(facetDistribution?.["brand"]).toEqual({ "Acme & Sons": 1, Nordic: 2, Zenith: 1 });
});
