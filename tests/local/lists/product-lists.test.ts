import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PgDialect } from "drizzle-orm/pg-core";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ListedQuery, selectListedIds } from "#features/catalog/listed-products";
import { productSorts } from "#features/catalog/list-filters";
import { type RunningPostgres, startPostgres } from "#local/postgres/postgres";
import type { Travel } from "#platform/cursor";
import { blocksOf, explained, nodesOf, planIn } from "../query-plan.ts";
import { fillCatalogue, productsOnSale } from "./big-catalogue.ts";

type Filters = Omit<ListedQuery, "sort">;
type Row = { readonly id: string; readonly sort_key: string };

/** A page of 20 reads one more, to know whether there is another. */
const pageRows = 21;
const minutes = 60_000;

let stateFolder: string;
let postgres: RunningPostgres;
let client: Client;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-lists-"));
  postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: () => {} });
  await fillCatalogue(postgres.url);
  client = new Client({ connectionString: postgres.url });
  await client.connect();
}, 10 * minutes);

afterAll(async () => {
  await client.end();
  await postgres.stop();
  await rm(stateFolder, { recursive: true });
});

const dialect = new PgDialect();
const statementOf = (query: ListedQuery, travel: Travel) => {
  const { sql, params } = dialect.sqlToQuery(selectListedIds(query, travel));
  return { text: sql, values: params };
};

async function readRows(query: ListedQuery, travel: Travel): Promise<Row[]> {
  return (await client.query<Row>(statementOf(query, travel))).rows;
}

/** What a page takes: 8 KB blocks that were touched, and the most rows that were gathered and sorted. */
async function costOfPage(query: ListedQuery, from: Row | undefined) {
  const place = from === undefined ? undefined : [from.sort_key, from.id];
  const { text, values } = statementOf(query, { direction: "after", from: place, rowsMax: pageRows });
  const plan = planIn((await client.query({ text: explained(text), values })).rows);
  const sorted = nodesOf(plan)
    .filter((node) => node["Node Type"].includes("Sort"))
    .flatMap(({ Plans = [] }) => Plans.map((input) => input["Actual Rows"] * input["Actual Loops"]));
  return {
    blocks: blocksOf(plan),
    rowsSorted: Math.max(0, ...sorted),
    nodes: nodesOf(plan).map((node) => node["Node Type"]),
  };
}

/** The first page, one in the middle of the whole catalogue and the last. */
async function costsAlong(query: ListedQuery, middle: Row) {
  const fromTheEnd = await readRows(query, { direction: "before", from: undefined, rowsMax: pageRows });
  const beforeLast = fromTheEnd.at(-1);
  return Promise.all([undefined, middle, beforeLast].map((from) => costOfPage(query, from)));
}

async function middleOf(query: ListedQuery): Promise<Row> {
  const half = { direction: "after", from: undefined, rowsMax: productsOnSale / 2 } as const;
  const middle = (await readRows(query, half)).at(-1);
  if (middle === undefined) throw new Error("Nothing is listed");
  return middle;
}

const redAndSmall = [
  { name: "Size", value: "S" },
  { name: "Colour", value: "Red" },
];

/** Large parts of the catalogue: walked in the order of the sort. */
const common: Record<string, Filters> = {
  nothing: {},
  "a top category": { categoryId: "cat_3" },
  "a large brand": { brand: "Brand 0" },
  "a rating": { rating_min: 4 },
  "in stock": { in_stock: true },
  "an attribute": { attribute: ["fabric:wool"] },
  "options in stock": { option: redAndSmall, in_stock: true },
  "options out of stock": { option: redAndSmall, in_stock: false },
};

/** Small parts, which may be gathered and sorted, and combinations. */
const rare: Record<string, Filters> = {
  "a lowest category": { categoryId: "cat_342" },
  "a small brand": { brand: "Brand 480" },
  "out of stock": { in_stock: false },
  "an attribute of one product": { attribute: ["fabric:vicuna"] },
  "options that nothing has": {
    option: [
      { name: "Size", value: "S" },
      { name: "Colour", value: "Green" },
    ],
  },
  "a price range": { price_min: 5_000, price_max: 6_000, currency: "USD" },
  "a narrow price range": { price_min: 5_000, price_max: 5_010, currency: "USD" },
  "category, brand and stock": { categoryId: "cat_3", brand: "Brand 0", in_stock: true },
  "category and price": { categoryId: "cat_34", price_min: 3_000, price_max: 8_000, currency: "USD" },
};

const sortedBy = (sort: ListedQuery["sort"], filters: Filters): ListedQuery => ({
  ...filters,
  sort,
  ...(sort.endsWith("price") ? { currency: "USD" } : {}),
});

/** The whole catalogue is some 16,000 blocks of products and variants, and touching each product by an index 90,000. */
const blocksOfCommonMax = 2_500;
const blocksOfRareMax = 20_000;
const rowsSortedMax = 9_000;

test.each(productSorts)(
  "pages by %s cost the same at the end as at the start",
  async (sort) => {
    const table = [];
    const middleOfAll = await middleOf(sortedBy(sort, {}));
    for (const [name, filters] of Object.entries({ ...common, ...rare })) {
      const pages = await costsAlong(sortedBy(sort, filters), middleOfAll);
      const [first, middle, last] = pages.map(({ blocks }) => blocks);
      table.push(
        `${name.padEnd(30)} ${[first, middle, last].map((blocks) => String(blocks).padStart(8)).join("")}`,
      );
      const isCommon = name in common;
      for (const { blocks, rowsSorted, nodes } of pages) {
        expect
          .soft(blocks, `${name}: ${nodes.join(", ")}`)
          .toBeLessThan(isCommon ? blocksOfCommonMax : blocksOfRareMax);
        expect
          .soft(rowsSorted, `${name}: ${nodes.join(", ")}`)
          .toBeLessThan(isCommon ? pageRows : rowsSortedMax);
      }
    }
    console.log(`by ${sort.padEnd(27)}   first  middle    last\n${table.join("\n")}`);
  },
  5 * minutes,
);

test.each(productSorts)(
  "a walk by %s forwards and back shows each product once",
  async (sort) => {
    const query = sortedBy(sort, {});
    const there = await walk(query, "after");
    expect(there).toHaveLength(productsOnSale);
    expect(new Set(there).size).toBe(productsOnSale);
    expect(await walk(query, "before")).toEqual(there.toReversed());
  },
  5 * minutes,
);

/** Pages a hundred times the usual size, or the round trips would take longer than everything else. */
async function walk(query: ListedQuery, direction: Travel["direction"]): Promise<string[]> {
  const ids: string[] = [];
  let from: [string, string] | undefined = undefined;
  for (;;) {
    const rows: Row[] = await readRows(query, { direction, from, rowsMax: 2_000 });
    ids.push(...rows.map(({ id }) => id));
    const last = rows.at(-1);
    if (last === undefined) return ids;
    from = [last.sort_key, last.id];
  }
}
