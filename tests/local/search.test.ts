import { expect, test } from "vitest";
import { startWithProducts } from "./search-setup.ts";

const titles = (...names: string[]) => names.map((title, id) => ({ id, title }));

test("one typo in five letters and two in nine are forgiven, a wrong short word is not", async () => {
  const { titlesOf } = await startWithProducts(titles("Headphones", "Shirt", "Mug"));
  expect(await titlesOf("hadphonse")).toEqual(["Headphones"]);
  expect(await titlesOf("shitr")).toEqual(["Shirt"]);
  expect(await titlesOf("mig")).toEqual([]);
});

test("only the last word may be unfinished, and a typo in it is forgiven", async () => {
  const { titlesOf } = await startWithProducts(titles("Rubber Boots", "Running Shoes", "Sneakers"));
  expect(await titlesOf("run")).toEqual(["Running Shoes"]);
  expect(await titlesOf("run shoes")).toEqual([]);
  expect(await titlesOf("sneeke")).toEqual(["Sneakers"]);
});

test("accents and case do not matter", async () => {
  const { titlesOf } = await startWithProducts(titles("Café Crème Cup", "Straße Sign"));
  expect(await titlesOf("CAFE creme")).toEqual(["Café Crème Cup"]);
  expect(await titlesOf("strasse")).toEqual(["Straße Sign"]);
});

test("singular and plural find each other from five letters on", async () => {
  const { titlesOf } = await startWithProducts(titles("Leather Boots", "Oak Table"));
  expect(await titlesOf("boot")).toEqual(["Leather Boots"]);
  expect(await titlesOf("tables")).toEqual(["Oak Table"]);
});

test("more words come first, then fewer typos, then nearer words", async () => {
  const { titlesOf } = await startWithProducts(
    titles("Green scarf made of cotton", "Cottom green", "Green cotton scarf", "Green hat"),
  );
  expect(await titlesOf("green cotton")).toEqual([
    "Green cotton scarf",
    "Green scarf made of cotton",
    "Cottom green",
    "Green hat",
  ]);
});

test("a match in an earlier searchable attribute wins, and a whole field beats a part of it", async () => {
  const { titlesOf } = await startWithProducts(
    [
      { id: 1, title: "Lamp", description: "Fits on any desk" },
      { id: 2, title: "Desk lamp", description: "Bright" },
      { id: 3, title: "Desk", description: "Oak" },
    ],
    { searchableAttributes: ["title", "description"] },
  );
  expect(await titlesOf("desk")).toEqual(["Desk", "Desk lamp", "Lamp"]);
});

test("strategy all wants every word, last gives up words from the end", async () => {
  const { titlesOf } = await startWithProducts(titles("Red shirt", "Red hat"));
  expect(await titlesOf("red shirt", { matchingStrategy: "all" })).toEqual(["Red shirt"]);
  expect(await titlesOf("red shirt")).toEqual(["Red shirt", "Red hat"]);
});

test("a phrase wants its words side by side, a minus takes documents away", async () => {
  const { titlesOf } = await startWithProducts(
    titles("Garden chair cushion", "Chair for the garden", "Garden hose"),
  );
  expect(await titlesOf('"garden chair"')).toEqual(["Garden chair cushion"]);
  expect(await titlesOf("garden -chair")).toEqual(["Garden hose"]);
});

test("words written together are found apart and the other way round", async () => {
  const { titlesOf } = await startWithProducts(titles("Sunglasses", "T shirt"));
  expect(await titlesOf("sun glasses")).toEqual(["Sunglasses"]);
  expect(await titlesOf("tshirt")).toEqual(["T shirt"]);
});

test("synonyms of one and of several words are found, stop words are not looked for", async () => {
  const { titlesOf } = await startWithProducts(titles("Trousers", "Trainers", "Smart phone case"), {
    synonyms: { pants: ["trousers"], "running shoes": ["trainers"], mobile: ["smart phone"] },
    stopWords: ["the", "for"],
  });
  expect(await titlesOf("pants")).toEqual(["Trousers"]);
  expect(await titlesOf("running shoes")).toEqual(["Trainers"]);
  expect(await titlesOf("mobile")).toEqual(["Smart phone case"]);
  expect(await titlesOf("the trousers")).toEqual(["Trousers"]);
});

test("typo tolerance can be switched off for a word, an attribute or all", async () => {
  const { titlesOf, products } = await startWithProducts(titles("Headphones", "Shirt"));
  await products.updateTypoTolerance({ disableOnWords: ["headphonez"] }).waitTask();
  expect(await titlesOf("headphonez")).toEqual([]);
  expect(await titlesOf("shirk")).toEqual(["Shirt"]);
  await products.updateTypoTolerance({ disableOnAttributes: ["title"] }).waitTask();
  expect(await titlesOf("shirk")).toEqual([]);
  await products.updateTypoTolerance({ disableOnAttributes: [], enabled: false }).waitTask();
  expect(await titlesOf("shirk")).toEqual([]);
});

test("sort orders equals by number or text, documents without the value last", async () => {
  const { titlesOf } = await startWithProducts(
    [
      { id: 1, title: "Shirt B", price: 200 },
      { id: 2, title: "Shirt A", price: 100 },
      { id: 3, title: "Shirt C" },
    ],
    { sortableAttributes: ["price", "title"] },
  );
  expect(await titlesOf("", { sort: ["price:asc"] })).toEqual(["Shirt A", "Shirt B", "Shirt C"]);
  expect(await titlesOf("shirt", { sort: ["price:desc"] })).toEqual(["Shirt B", "Shirt A", "Shirt C"]);
  expect(await titlesOf("", { sort: ["title:desc"] })).toEqual(["Shirt C", "Shirt B", "Shirt A"]);
  await expect(titlesOf("", { sort: ["weight:asc"] })).rejects.toMatchObject({
    cause: { code: "invalid_search_sort" },
  });
});

test("a custom ranking rule decides where no other does", async () => {
  const { titlesOf } = await startWithProducts(
    [
      { id: 1, title: "Mug", sold: 3 },
      { id: 2, title: "Mug", sold: 9 },
    ].map((product) => ({ ...product, title: `Mug ${product.sold}` })),
    { rankingRules: ["words", "typo", "sold:desc"] },
  );
  expect(await titlesOf("mug")).toEqual(["Mug 9", "Mug 3"]);
});

test("distinct shows one variant of each product and counts accordingly", async () => {
  const { products, titlesOf } = await startWithProducts(
    [
      { id: 1, title: "Shirt S", product: "shirt" },
      { id: 2, title: "Shirt M", product: "shirt" },
      { id: 3, title: "Hat", product: "hat" },
    ],
    { filterableAttributes: ["product"] },
  );
  expect(await titlesOf("", { distinct: "product" })).toEqual(["Shirt S", "Hat"]);
  expect((await products.search("", { distinct: "product" })).estimatedTotalHits).toBe(2);
  await products.updateDistinctAttribute("product").waitTask();
  expect(await titlesOf("shirt")).toEqual(["Shirt S"]);
});

test("pages by offset or by number, and the total stops at the limit of the index", async () => {
  const { products } = await startWithProducts(
    Array.from({ length: 30 }, (_, id) => ({ id, title: `Mug ${id}` })),
  );
  const second = await products.search("mug", { page: 2, hitsPerPage: 12 });
  expect(second).toMatchObject({ page: 2, hitsPerPage: 12, totalPages: 3, totalHits: 30 });
  expect(second.hits[0]).toEqual({ id: 12, title: "Mug 12" });
  const rest = await products.search("mug", { offset: 28, limit: 5 });
  expect(rest).toMatchObject({ offset: 28, limit: 5, estimatedTotalHits: 30 });
  expect(rest.hits).toHaveLength(2);
  await products.updatePagination({ maxTotalHits: 10 }).waitTask();
  expect(await products.search("mug", { offset: 8 })).toMatchObject({ estimatedTotalHits: 10 });
});

test("matches are highlighted, cropped around and located", async () => {
  const { products } = await startWithProducts([
    {
      id: 1,
      title: "Café chair",
      description: "One two three four five six chair eight nine ten eleven twelve",
    },
  ]);
  const { hits } = await products.search("chai", {
    attributesToHighlight: ["title", "description"],
    attributesToCrop: ["description"],
    cropLength: 3,
    highlightPreTag: "<b>",
    highlightPostTag: "</b>",
    attributesToRetrieve: ["id"],
    showMatchesPosition: true,
  });
  expect(hits[0]).toEqual({
    id: 1,
    _formatted: { id: "1", title: "Café <b>chai</b>r", description: "…five six <b>chai</b>r…" },
    _matchesPosition: { title: [{ start: 6, length: 4 }], description: [{ start: 28, length: 4 }] },
  });
});

test("a perfect match scores higher than a mistyped one, and a threshold drops the latter", async () => {
  const { products } = await startWithProducts(titles("Shirt", "Shift dress"), {
    searchableAttributes: ["title"],
  });
  const { hits } = await products.search("shirt", { showRankingScore: true });
  const [first, second] = hits.map((hit) => hit._rankingScore ?? 0);
  expect(first).toBe(1);
  expect(second).toBeLessThan(0.95);
  expect((await products.search("shirt", { rankingScoreThreshold: 0.99 })).hits).toHaveLength(1);
});

test("a search may be confined to some attributes", async () => {
  const { titlesOf } = await startWithProducts(
    [
      { id: 1, title: "Lamp", brand: "Oak" },
      { id: 2, title: "Oak table", brand: "Nordic" },
    ],
    { searchableAttributes: ["title", "brand"] },
  );
  expect(await titlesOf("oak", { attributesToSearchOn: ["brand"] })).toEqual(["Lamp"]);
  await expect(titlesOf("oak", { attributesToSearchOn: ["sku"] })).rejects.toMatchObject({
    cause: { code: "invalid_search_attributes_to_search_on" },
  });
});

test("scores of many hits come in one reading of the index", async () => {
  const { products } = await startWithProducts(
    Array.from({ length: 2000 }, (_, id) => ({ id, title: `Shirt number ${id}`, text: "shirt ".repeat(5) })),
    { searchableAttributes: ["title", "text"] },
  );
  const unscored = await products.search("shirt", { limit: 1000 });
  const scored = await products.search("shirt", { limit: 1000, rankingScoreThreshold: 0.5 });
  expect(scored.hits).toHaveLength(1000);
  // A reading of the index for each hit would take hundreds of times as long; a busy machine slows both.
  expect(scored.processingTimeMs).toBeLessThan(20 * (unscored.processingTimeMs + 50));
});

test("a sku typed in full comes first, half typed it is completed", async () => {
  const { titlesOf } = await startWithProducts(
    [1, 12, 123, 1234].map((number) => ({ id: number, title: `Mug ${number}`, sku: `TW-000${number}` })),
  );
  expect((await titlesOf("TW-000123"))[0]).toBe("Mug 123");
  const completed = await titlesOf("tw-00012", { matchingStrategy: "all" });
  expect(completed.slice(0, 3)).toEqual(["Mug 12", "Mug 123", "Mug 1234"]);
});
