import { randomInt } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { costOf } from "../../stack.ts";
import { createProduct } from "../catalog/catalog-client.ts";
import { Found, expectFound, fromIndex, search } from "./search-client.ts";

const Suggestions = z.object({
  products: z.array(z.object({ id: z.string(), title: z.string(), highlight: z.string() })),
  brands: z.array(z.object({ brand: z.string(), count: z.int() })),
  categories: z.array(z.object({ handle: z.string(), title: z.string(), count: z.int() })),
  degraded: z.boolean(),
});

/** Letters alone, each of them once: what is dropped of "abcabc" another part may stand for. */
const shelf = Array.from({ length: 26 }, (_, place) => String.fromCodePoint(97 + place))
  .map((letter) => ({ letter, place: randomInt(1_000_000) }))
  .toSorted((one, other) => one.place - other.place)
  .map(({ letter }) => letter)
  .slice(0, 13)
  .join("");
const brand = `${shelf} works`;
let ids: string[];

beforeAll(async () => {
  const products = await Promise.all(
    ["Sextant", "Barometer"].map((title) =>
      createProduct({
        title: `${title} ${shelf}`,
        brand,
        variants: [{ sku: `${title}-${shelf}`, price: 100 }],
      }),
    ),
  );
  ids = products.map(({ id }) => id);
  await expectFound({ q: shelf }, ids);
});

function suggest(q: string, more: Record<string, string> = {}) {
  return fromIndex(`/search/suggest?${new URLSearchParams({ q, ...more }).toString()}`);
}

describe("suggestions while typing", () => {
  test("are products whose words begin so, and their brands", async () => {
    const { products, brands, degraded } = (await suggest(shelf.slice(0, -2))).as(Suggestions);
    expect(degraded).toBe(false);
    expect(products.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(products[0]?.highlight).toContain(`<em>${shelf.slice(0, -2)}</em>`);
    expect(brands).toEqual([{ brand, count: 2 }]);
  });

  test("are so many of each kind as asked for", async () => {
    expect((await suggest(shelf, { limit: "1" })).as(Suggestions).products).toHaveLength(1);
  });

  test("cost no call of the database and may be cached", async () => {
    // Now and then what others change comes in between.
    await vi.waitFor(async () => {
      await suggest(shelf);
      const answer = await suggest(shelf);
      expect(costOf(answer)).toEqual({ databaseCalls: 0, objectCalls: 0 });
      expect(answer.headers.get("cache-control")).toMatch(/^public, max-age=10, stale-while-/);
    }, 25_000);
  });

  test.each(["", " ", "\u0000", "x".repeat(201)])("refuse %j", async (q) => {
    expect((await suggest(q)).status).toBe(400);
  });
});

describe("did you mean", () => {
  /** Three letters are dropped from the middle: further off than any typo that the index forgives. */
  const slipped = `${shelf.slice(0, 4)}${shelf.slice(7)}`;

  test("a word that is found nowhere is corrected by what products are called", async () => {
    const answer = await vi.waitFor(async () => {
      const found = (await search({ q: `sextant ${slipped}` })).as(Found);
      expect(found.did_you_mean).not.toBeNull();
      return found;
    }, 25_000);
    expect(answer.did_you_mean).toEqual({ q: `sextant ${shelf}`, total: 1 });
  });

  test("only what the filters let through is proposed", async () => {
    const found = (await search({ q: `sextant ${slipped}`, brand: "nobody" })).as(Found);
    expect(found.did_you_mean).toBeNull();
  });

  test("a query that finds something is not corrected, nor is one that nobody can guess", async () => {
    expect((await search({ q: shelf })).as(Found).did_you_mean).toBeNull();
    expect((await search({ q: "zqxjkvbpwz" })).as(Found)).toMatchObject({ total: 0, did_you_mean: null });
  });
});
