import { describe, expect, test } from "vitest";
import { Currency } from "#core/money";
import { epochMs } from "#core/time";
import type { ProductDocument } from "#features/catalog/document";
import { priceBandsOf, priceRangeOf, starsReached } from "#features/search/bands";
import { facetAttributes } from "#features/search/document";
import { filterGroups } from "#features/search/filter-expression";
import { highlightToHtml, matchMarks } from "#features/search/highlight";
import { plainText } from "#features/search/plain-text";
import { SearchQuery } from "#features/search/schema";
import { documentLimits, searchDocumentOf, stockPicture } from "#search-sync/documents";
import { indexSettingsWith, synonymsOf } from "#search-sync/index-settings";

const usd = Currency.parse("USD");

function variant(sku: string, fields: Partial<ProductDocument["variants"][number]> = {}) {
  return {
    id: `var_${sku}`,
    sku,
    title: sku,
    options: {},
    price: 1_000,
    compareAtPrice: null,
    imageUrl: null,
    barcode: null,
    weightGrams: null,
    attributes: {},
    metadata: {},
    available: null,
    ...fields,
  };
}

function product(fields: Partial<ProductDocument> = {}): ProductDocument {
  return {
    id: "prd_1",
    handle: "tent",
    title: "Tent",
    description: "",
    brand: "Acme",
    productType: null,
    status: "active",
    tags: [],
    options: [],
    images: [{ url: "https://shop.example/tent.jpg", alt: "" }],
    attributes: {},
    metadata: {},
    currency: usd,
    priceMin: 1_000,
    priceMax: 1_000,
    ratingAverage: 4.5,
    ratingCount: 2,
    categories: [],
    variants: [variant("A")],
    version: 3,
    stockVersion: 1,
    createdAt: epochMs(1_700_000_000_999),
    updatedAt: epochMs(1_700_000_001_000),
    ...fields,
  };
}

describe("the document of a product", () => {
  test("tells times to the millisecond and keeps the whole product for hits", () => {
    const document = searchDocumentOf(product());
    expect(document).toMatchObject({ id: "prd_1", version: 3, created_at: 1_700_000_000_999, rating: 4.5 });
    expect(document.image).toBe("https://shop.example/tent.jpg");
    expect(document.product).toMatchObject({ id: "prd_1", price_min: { amount: 1_000, currency: "USD" } });
  });

  test("gathers the option values that variants have, by option name", () => {
    const variants = [
      variant("A", { options: { Colour: "Red", "Size (U.S.)": "M" } }),
      variant("B", { options: { Colour: "Red", "Size (U.S.)": "L" } }),
    ];
    const options = [{ name: "Colour", values: ["Red", "Never made"] }];
    expect(searchDocumentOf(product({ variants, options })).option_sets.toSorted()).toEqual([
      "colour⇒red",
      "colour⇒red‖size (u s )⇒l",
      "colour⇒red‖size (u s )⇒m",
      "size (u s )⇒l",
      "size (u s )⇒m",
    ]);
    expect(searchDocumentOf(product({ variants, options })).options).toEqual({
      Colour: ["Red"],
      "Size (U S )": ["M", "L"],
    });
  });

  test("names each category by its path from the top", () => {
    const categories = [
      { id: "2", handle: "tents", title: "Tents", parentId: "1" },
      { id: "1", handle: "outdoor", title: "Outdoor", parentId: null },
    ];
    const document = searchDocumentOf(product({ categories }));
    expect(document.category_paths).toEqual(["Outdoor > Tents", "Outdoor"]);
    expect(document.category_titles).toEqual(["Tents", "Outdoor"]);
  });

  test("ends a path that turns in a circle", () => {
    const categories = [
      { id: "1", handle: "a", title: "A", parentId: "2" },
      { id: "2", handle: "b", title: "B", parentId: "1" },
    ];
    const [path] = searchDocumentOf(product({ categories })).category_paths;
    expect(path?.split(" > ")).toHaveLength(documentLimits.pathLevelsMax);
  });

  test.each([
    [[null, null], { in_stock: false, available: null }],
    [[0, null], { in_stock: false, available: 0 }],
    [[0, 7], { in_stock: true, available: 7 }],
  ])("stock %j", (counts, expected) => {
    const variants = counts.map((available, index) => variant(`S${index}`, { available }));
    expect(searchDocumentOf(product({ variants }))).toMatchObject(expected);
  });

  test("is bounded however much a product says", () => {
    const document = searchDocumentOf(
      product({
        description: `<p>${"word ".repeat(10_000)}</p>`,
        tags: Array.from({ length: 1_000 }, (_, index) => `tag ${index}`),
      }),
    );
    expect(document.description.length).toBeLessThanOrEqual(documentLimits.descriptionCharactersMax);
    expect(document.description.endsWith("word")).toBe(true);
    expect(document.tags).toHaveLength(documentLimits.tagsMax);
  });
});

describe("the picture of the stock", () => {
  const pictureAt = (available: number | null) =>
    stockPicture(product({ variants: [variant("A", { available })] }));

  test("stays while a rush sells what is plenty", () => {
    expect(pictureAt(500)).toBe(pictureAt(6));
  });

  test("changes when stock becomes low, runs out, or is counted first", () => {
    expect(new Set([pictureAt(6), pictureAt(5), pictureAt(0), pictureAt(null)]).size).toBe(4);
  });
});

test("text of HTML has spaces where elements end and characters where entities stand", () => {
  expect(plainText("<p>Tea<br>pot</p><p>1 &lt; 2</p>", 100)).toBe("Tea pot 1 < 2");
});

test("a highlight is HTML with no element but em", () => {
  const marked = `<img onerror="x"> ${matchMarks.before}tea${matchMarks.after} & pot`;
  expect(highlightToHtml(marked)).toBe("&lt;img onerror=&quot;x&quot;&gt; <em>tea</em> &amp; pot");
});

describe("filters", () => {
  const expressions = (query: Record<string, string | string[]>) =>
    filterGroups(SearchQuery.parse(query), usd).map(({ expression }) => expression);

  test("quote what clients say", () => {
    expect(expressions({ brand: String.raw`a" OR 1=1 \ ` })).toEqual([
      String.raw`brand IN ["a\" OR 1=1 \\ "]`,
    ]);
  });

  test("ask for any value of one option and for one of each option", () => {
    const option = ["Colour:Red", "Colour:Navy: dark", "Size (U.S.):M"];
    expect(expressions({ option })).toEqual([
      `"options.Colour" IN ["Red", "Navy: dark"]`,
      `"options.Size (U S )" IN ["M"]`,
      `option_sets IN ["colour⇒red‖size (u s )⇒m", "colour⇒navy: dark‖size (u s )⇒m"]`,
    ]);
  });

  test("ask for the stock of the variant that has the options", () => {
    expect(expressions({ option: "Size:M", in_stock: "true" })).toEqual([
      `option_sets_in_stock IN ["size⇒m"]`,
      `"options.Size" IN ["M"]`,
    ]);
    const option = ["A:1", "B:1", "C:1", "D:1"];
    expect(expressions({ option, in_stock: "false" })).toContain("in_stock = false");
  });

  test("find products with one variant within the whole range of prices, in the shop's currency", () => {
    expect(expressions({ price_min: "100", price_max: "200" })).toEqual([
      `currency = "USD"`,
      "prices 100 TO 200",
    ]);
  });

  test("need no currency where no prices are compared", () => {
    expect(expressions({ in_stock: "true", sort: "newest" })).toEqual(["in_stock = true"]);
  });
});

describe("bands", () => {
  test("hold each price of one currency, and know where they end", () => {
    const bands = priceBandsOf([0, 999, 1_000, 2_499, 2_500, 4_999, 1_000_000], usd);
    expect(bands.map((band) => priceRangeOf(band, "USD"))).toEqual([
      { from: 0, to: 999 },
      { from: 1_000, to: 2_499 },
      { from: 2_500, to: 4_999 },
      { from: 1_000_000, to: 2_499_999 },
    ]);
    expect(priceRangeOf("USD 0", "EUR")).toBeUndefined();
    expect(priceBandsOf([Number.MAX_SAFE_INTEGER], usd).map((band) => priceRangeOf(band, "USD")?.to)).toEqual(
      [null],
    );
  });

  test("of ratings are the stars reached", () => {
    expect([0, 0.9, 3.99, 5].map(starsReached)).toEqual([[], [], [1, 2, 3], [1, 2, 3, 4, 5]]);
  });
});

test("the index can count every facet that clients may ask for", () => {
  expect(indexSettingsWith([]).filterableAttributes).toEqual(
    expect.arrayContaining(Object.values(facetAttributes)),
  );
});

describe("synonyms", () => {
  test("lead to one another, and from an input one way", () => {
    const groups = [
      { input: null, words: ["jacket", "coat"] },
      { input: "outerwear", words: ["jacket", "poncho"] },
    ];
    expect(synonymsOf(groups)).toEqual({
      jacket: ["coat"],
      coat: ["jacket"],
      outerwear: ["jacket", "poncho"],
    });
  });

  test("of a word in several groups are all of them", () => {
    const groups = [
      { input: null, words: ["mat", "pad"] },
      { input: null, words: ["rug", "mat"] },
    ];
    expect(synonymsOf(groups)["mat"]).toEqual(["pad", "rug"]);
  });
});
