import { beforeAll, describe, expect, test, vi } from "vitest";
import { adminToken, costOf, request, stack } from "../../stack.ts";
import {
  Problem,
  ProductPage,
  createProduct,
  importReport,
  patchProduct,
  uniqueWord,
} from "./catalog-client.ts";

const brand = `Brand ${uniqueWord()}`;
const category = uniqueWord();
const list = (query: string) => request(`/products?brand=${encodeURIComponent(brand)}&${query}`);

/** Ten products, of which each two have the same price; they arrive in one transaction, at the same moment. */
beforeAll(async () => {
  const header =
    "Handle,Title,Vendor,Product Category,Variant SKU,Variant Price,Variant Inventory Qty,Option1 Name,Option1 Value";
  const rows = Array.from({ length: 10 }, (_, index) => {
    const price = `${10 + Math.floor(index / 2)}.00`;
    return `${category}-${index},Thing ${index},${brand},${category} > Part ${index % 2},${category}-${index},${price},${index % 3},Size,S`;
  });
  await importReport([header, ...rows].join("\n"));
}, 30_000);

/** Walks a list page by page; with "before" from its end to its beginning. */
async function walk(query: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&after=${encodeURIComponent(cursor)}`;
    const page = (await list(`${query}&limit=${limit}${after}`)).as(ProductPage);
    pages.push(page.data.map(({ handle }) => handle));
    expect(page.has_more).toBe(page.next_cursor !== null);
    cursor = page.next_cursor;
  }
  return pages;
}

describe("paging", () => {
  test.each(["newest", "price", "-price", "rating", "title"])(
    "by %s, pages have no gaps and no repeats though sort keys tie",
    async (sort) => {
      const whole = (await list(`sort=${sort}&limit=100`)).as(ProductPage).data.map(({ handle }) => handle);
      expect(whole).toHaveLength(10);
      const pages = await walk(`sort=${sort}`, 3);
      expect(pages.map((page) => page.length)).toEqual([3, 3, 3, 1]);
      expect(pages.flat()).toEqual(whole);
    },
  );

  test("backwards leads over the same pages", async () => {
    const first = (await list("sort=price&limit=4")).as(ProductPage);
    const second = (await list(`sort=price&limit=4&after=${first.next_cursor}`)).as(ProductPage);
    const back = (await list(`sort=price&limit=4&before=${second.previous_cursor}`)).as(ProductPage);
    expect(back.data.map(({ id }) => id)).toEqual(first.data.map(({ id }) => id));
    expect(back).toMatchObject({ has_more: false, previous_cursor: null, next_cursor: first.next_cursor });
  });

  test("a cursor opens only the list that it came with", async () => {
    const { next_cursor: cursor } = (await list("sort=price&limit=2")).as(ProductPage);
    const otherSort = await list(`sort=title&limit=2&after=${cursor}`);
    const otherFilter = await request(`/products?sort=price&limit=2&after=${cursor}`);
    const forged = await list(`sort=price&limit=2&after=${cursor}x`);
    const otherLimit = await list(`sort=price&limit=5&after=${cursor}`);
    for (const answer of [otherSort, otherFilter, forged]) {
      expect(answer.status).toBe(400);
      expect(answer.as(Problem).code).toBe("invalid_cursor");
    }
    expect(otherLimit.status).toBe(200);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "sort=cheapest",
    "page=2",
    "after=a&before=b",
    "category=%00",
  ])("%s is refused", async (query) => {
    const answer = await request(`/products?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.as(Problem).code).toBe("invalid_request");
  });
});

describe("filters", () => {
  const titles = async (query: string) =>
    (await list(`sort=title&limit=100&${query}`)).as(ProductPage).data.map(({ title }) => title);

  test("a category includes what is below it", async () => {
    expect(await titles(`category=${category}`)).toHaveLength(10);
    expect(await titles(`category=${category}/part-1`)).toEqual([1, 3, 5, 7, 9].map((n) => `Thing ${n}`));
  });

  test("prices compare in minor units of one currency", async () => {
    expect(await titles("price_min=1100&price_max=1200")).toEqual([2, 3, 4, 5].map((n) => `Thing ${n}`));
    expect(await titles("price_min=1100&currency=EUR")).toEqual([]);
  });

  test("stock counts once the inventory has reported it", async () => {
    await expect
      .poll(() => titles("in_stock=true"), { timeout: 25_000, interval: 200 })
      .toEqual([1, 2, 4, 5, 7, 8].map((n) => `Thing ${n}`));
    expect(await titles("in_stock=false")).toEqual([0, 3, 6, 9].map((n) => `Thing ${n}`));
  });
});

describe("options", () => {
  const ofBrand = `Brand ${uniqueWord()}`;
  const [mixed, sold] = [uniqueWord(), uniqueWord()];
  const found = async (query: string) =>
    (await request(`/products?brand=${encodeURIComponent(ofBrand)}&sort=title&${query}`))
      .as(ProductPage)
      .data.map(({ title }) => title);
  const variant = (sku: string, size: string, colour: string, quantity: number) => ({
    sku: `${sku}-${size}-${colour}`,
    price: 1_000,
    options: { Size: size, Colour: colour },
    initial_quantity: quantity,
  });

  beforeAll(async () => {
    const options = [
      { name: "Size", values: ["S", "M"] },
      { name: "Colour", values: ["Red", "Blue"] },
    ];
    const inStock = [variant(mixed, "M", "Blue", 3), variant(mixed, "S", "Red", 3)];
    const common = { brand: ofBrand, options };
    await createProduct({ ...common, title: "Mixed", variants: [variant(mixed, "M", "Red", 0), ...inStock] });
    await createProduct({ ...common, title: "Sold", variants: [variant(sold, "M", "Red", 2)] });
  });

  test("hold of one and the same variant, and of its stock", async () => {
    const red = "option=Size:M&option=Colour:Red";
    await expect.poll(() => found(red), { timeout: 25_000 }).toEqual(["Mixed", "Sold"]);
    expect(await found(`${red}&in_stock=true`)).toEqual(["Sold"]);
    expect(await found(`${red}&in_stock=false`)).toEqual(["Mixed"]);
    expect(await found("option=Size:S&option=Colour:Blue")).toEqual([]);
    expect(await found("option=Size:S&option=Size:M&option=Colour:Blue")).toEqual(["Mixed"]);
    expect(await found("option=Size:M&option=Colour:Red&option=Length:Long")).toEqual([]);
  });

  test("follow the stock as it comes and goes", async () => {
    const available = () => found("option=Size:M&option=Colour:Red&in_stock=true");
    const adjust = async (sku: string, kind: string, quantity: number) => {
      const answer = await request(`/admin/inventory/${sku}/adjustments`, {
        method: "POST",
        token: await adminToken(),
        headers: { "idempotency-key": uniqueWord() },
        json: { kind, quantity, reason: "counted" },
      });
      expect(answer.status).toBe(201);
    };
    await adjust(`${sold}-M-Red`, "shrink", 2);
    await expect.poll(available, { timeout: 25_000 }).toEqual([]);
    await expect.poll(() => found("in_stock=true"), { timeout: 25_000 }).toEqual(["Mixed"]);
    await adjust(`${mixed}-M-Red`, "receive", 1);
    await expect.poll(available, { timeout: 25_000 }).toEqual(["Mixed"]);
  });
});

describe("caching", () => {
  test("a list and a product that were read before cost no call of the database", async () => {
    // Now and then what others change comes in between.
    const costOfSecond = async (path: string) => {
      await request(path);
      return costOf(await request(path));
    };
    const patience = { timeout: 25_000, interval: 50 };
    for (const path of ["/products?sort=rating&limit=5", `/products/${category}-1`])
      await expect.poll(() => costOfSecond(path), patience).toEqual({ databaseCalls: 0, objectCalls: 0 });
  });

  test("a copy that is still good is answered with 304", async () => {
    for (const path of [
      `/products/${category}-1`,
      `/products?brand=${encodeURIComponent(brand)}`,
      "/categories",
    ]) {
      const first = await request(path);
      expect(first.headers.get("cache-control")).toMatch(
        /^public, max-age=\d+, stale-while-revalidate=\d+, stale-if-error=\d+$/,
      );
      // Other tests may change the catalogue between the two.
      await vi.waitFor(async () => {
        const etag = (await request(path)).headers.get("etag") ?? "";
        const second = await request(path, { headers: { "if-none-match": `"other", W/${etag}` } });
        expect(second.status).toBe(304);
        expect(second.body).toBe("");
      }, 25_000);
    }
  });

  test.each(
    ["GET", "HEAD"].flatMap((method) =>
      [`/products/${category}-1`, `/v1/products?limit=3&category=${category}`, "/categories"].map(
        (path) => [method, path] as const,
      ),
    ),
  )("what is kept ready is what the whole app answers: %s %s", async (method, path) => {
    const ask = async (own: Record<string, string>) => {
      const headers = { "request-id": "of-the-test", ...own };
      const answer = await fetch(stack().api + path, { method, headers });
      return JSON.stringify([answer.status, lastingHeaders(answer.headers), await answer.text()]);
    };
    // Nobody who sends a cookie is given what is kept. Other tests may change the catalogue meanwhile.
    const differences = async () =>
      new Set([await ask({}), await ask({}), await ask({ cookie: "a=b" })]).size - 1;
    await expect.poll(differences, { timeout: 25_000, interval: 100 }).toBe(0);
  });

  test.each([`prd_${"0".repeat(26)}`, `no-${uniqueWord()}`])(
    "a product that is not there is looked for once in a while: %s",
    async (name) => {
      const costOfHundred = async () => {
        const answers = await Promise.all(Array.from({ length: 100 }, () => request(`/products/${name}`)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
        return answers.reduce((sum, answer) => sum + costOf(answer).databaseCalls, 0);
      };
      // A machine that is so busy that a look takes a second lets the others look for themselves.
      await expect.poll(costOfHundred, { timeout: 25_000 }).toBeLessThanOrEqual(1);
    },
  );

  test("one that was looked for in vain shows once it is there, and at once to who made it", async () => {
    const handle = uniqueWord();
    const look = async (headers = {}) => (await request(`/products/${handle}`, { headers })).status;
    expect([await look(), await look()]).toEqual([404, 404]);
    const made = await request("/admin/products", {
      method: "POST",
      token: await adminToken(),
      json: { handle, title: "Late", status: "active", variants: [{ sku: handle, price: 1 }] },
    });
    const token = made.headers.get("consistency-token") ?? "";
    expect(await look({ "consistency-token": token })).toBe(200);
    await expect.poll(look, { timeout: 25_000, interval: 50 }).toBe(200);
  });

  test("a query that is not described is refused however often a described one was answered", async () => {
    await list("limit=5");
    expect((await request("/products?limit=5&unknown=1")).status).toBe(400);
  });

  test("lists and products show a change as soon as its event was handled", async () => {
    const product = await createProduct({ brand });
    const shown = async () =>
      (await list("sort=newest&limit=1")).as(ProductPage).data.map(({ id, title }) => [id, title]);
    await expect.poll(shown, { timeout: 25_000, interval: 50 }).toEqual([[product.id, product.title]]);
    await patchProduct(product.id, { title: "Renamed" }, '"v1"');
    await expect.poll(shown, { timeout: 25_000, interval: 50 }).toEqual([[product.id, "Renamed"]]);
    await patchProduct(product.id, { status: "draft" }, '"v2"');
    await expect.poll(shown, { timeout: 25_000, interval: 50 }).not.toContainEqual([product.id, "Renamed"]);
    const status = async () => (await request(`/products/${product.id}`)).status;
    await expect.poll(status, { timeout: 25_000, interval: 50 }).toBe(404);
  });
});

/** Without what each request says of itself: what it cost, what is left to its caller, how old a copy is. */
function lastingHeaders(headers: Headers): Record<string, string> {
  const own = ["server-timing", "ratelimit", "age", "date"];
  return Object.fromEntries([...headers].filter(([name]) => !own.includes(name)));
}
