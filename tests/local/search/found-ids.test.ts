import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Currency } from "#core/money";
import { closestWord } from "#features/search/corrections";
import { selectFoundIds } from "#features/search/found-ids";
import { selectLikeNames } from "#features/search/likely-meant";
import { SearchQuery, searchLimits } from "#features/search/schema";
import { migrate } from "#local/migrate";
import { type RunningPostgres, startPostgres } from "#local/postgres/postgres";
import { blocksOf, explained, nodesOf, planIn } from "../query-plan.ts";

/** The whole proof asks for 100,000. */
const productsMade = Number(process.env["FOUND_PRODUCTS"] ?? 20_000);
const minutes = 60_000;

let stateFolder: string;
let postgres: RunningPostgres;
let client: Client;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-found-"));
  postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: () => {} });
  await migrate(postgres.url);
  client = new Client({ connectionString: postgres.url });
  await client.connect();
  for (const statement of catalogue) await client.query(statement);
}, 10 * minutes);

afterAll(async () => {
  await client.end();
  await postgres.stop();
  await rm(stateFolder, { recursive: true });
});

/** An even number below 65,536 for each product and purpose, so that words stand anywhere in every order. */
const scattered = (purpose: number) => `(hashint4(i * 31 + ${purpose}) & 65535)`;

/** Every word has another share of the products, from half of them down to one; of every twenty one is a draft. */
const catalogue = [
  "set session_replication_role = replica",
  "set synchronous_commit = off",
  "drop index products_names_like",
  "drop index products_words",
  `insert into products (id, handle, title, brand, tags, status, currency, price_min, price_max, rating_sum,
      rating_count, created_at)
    select 'prd_' || lpad(i::text, 26, '0'), 'product-' || i,
      concat_ws(' ', 'Ridgeline', case when ${scattered(1)} % 2 = 0 then 'Jacket' else 'Tent' end,
        case when ${scattered(2)} % 20 = 0 then 'Light' end, case when ${scattered(3)} % 100 = 0 then 'Lined' end,
        case when ${scattered(4)} % 1000 = 0 then 'Lantern' end, 'No ' || i),
      'Brand ' || ${scattered(5)} % 50, array['Hiking', 'rain-proof'],
      case when i % 20 = 0 then 'draft' else 'active' end, 'USD', price, price + 500,
      case when i % 5 < 3 then 0 else 4 * (1 + ${scattered(6)} % 5) end, case when i % 5 < 3 then 0 else 4 end,
      timestamptz '2026-01-01' + (i / 200) * interval '1 hour'
    from generate_series(1, ${productsMade}) i, lateral (select 500 + ${scattered(7)} as price) priced`,
  `insert into variants (id, product_id, position, sku, title, price, currency)
    select 'var_' || lpad(i::text, 26, '0'), 'prd_' || lpad(i::text, 26, '0'), 0, 'SKU/' || i, 'Only one', 500, 'USD'
    from generate_series(1, ${productsMade}) i`,
  `create index products_words on products using gin (words) where status = 'active'`,
  `create index products_names_like on products
    using gin ((title || ' ' || coalesce(brand, '') || ' ' || coalesce(product_type, '')) gin_trgm_ops)
    where status = 'active'`,
  "vacuum (analyze) products, variants",
];

const dialect = new PgDialect();

function statementOf(statement: SQL) {
  const { sql, params } = dialect.sqlToQuery(statement);
  return { text: sql, values: params };
}

async function costOf(statement: SQL) {
  const { text, values } = statementOf(statement);
  const plan = planIn((await client.query({ text: explained(text), values })).rows);
  return { blocks: blocksOf(plan), nodes: nodesOf(plan).map((node) => node["Node Type"]) };
}

type Asked = Partial<Record<keyof SearchQuery, string>>;

const reach = { shopCurrency: Currency.parse("USD"), reachableMax: searchLimits.reachableMax };

async function find(asked: Asked): Promise<{ ids: number[]; total: number }> {
  const statement = selectFoundIds(SearchQuery.parse({ limit: "100", ...asked }), reach);
  const { rows } = await client.query<{ ids: string[]; total: number }>(statementOf(statement));
  const [{ ids, total } = { ids: [], total: -1 }] = rows;
  return { ids: ids.map((id) => Number(id.slice("prd_".length))), total };
}

describe("without the index", () => {
  test.each([
    ["the beginning of a word", "ridg no 4711"],
    ["words in any order and of any size", "4711 NO ridgelin"],
    ["words of brand and tags, apart from their signs", "hiking rain proof brand 4711"],
    ["its SKU", "SKU/4711"],
    ["its SKU in small letters", "sku/4711"],
  ])("a product is found by %s", async (_, q) => {
    expect((await find({ q })).ids).toContain(4711);
  });

  test.each(["idgeline 4711", "4711 nothing", "???", "'':*", "4711 & !jacket | 'x"])(
    "%j finds nothing: every word has to be there from its beginning",
    async (q) => {
      expect(await find({ q })).toEqual({ ids: [], total: 0 });
    },
  );

  test("drafts are not found", async () => {
    expect((await find({ q: "no 4711" })).ids).toContain(4711);
    expect((await find({ q: "no 4720" })).ids).not.toContain(4720);
  });

  test("the last page ends where the total does, which says no more than can be reached", async () => {
    const { reachableMax } = searchLimits;
    const page = Math.ceil(reachableMax / 30);
    const pageOf = (number: number) => find({ q: "ridgeline", limit: "30", page: String(number) });
    const last = await pageOf(page);
    expect([last.ids.length, last.total]).toEqual([reachableMax % 30, reachableMax]);
    expect((await pageOf(page + 1)).ids).toEqual([]);
  });

  test.each(["tent", "lined", "light lined"])(
    "pages of %j show each product once, in the order asked for",
    async (q) => {
      const shown = [];
      for (const page of ["1", "2", "3"])
        shown.push(...(await find({ q, sort: "newest", limit: "3", page })).ids);
      const { ids, total } = await find({ q, sort: "newest" });
      expect(shown).toEqual(ids.slice(0, 9));
      expect(ids).toEqual(ids.toSorted((one, other) => other - one));
      expect(total).toBeGreaterThanOrEqual(ids.length);
    },
  );
});

const typed = [
  "",
  "r",
  "l",
  "li",
  "tent",
  "light",
  "lined",
  "lantern",
  "no 4",
  "no 17",
  "light lined",
  "zzz",
];
const sorts = SearchQuery.shape.sort.unwrap().options;

/** As many as the rows alone have, which is 5,200 of 100,000 products, and a few for each row of the last page's walk. */
const blocksMax = productsMade / 19 + searchLimits.reachableMax;

test.each(sorts)(
  "a search by %s touches little of the catalogue, whatever is typed",
  async (sort) => {
    const table = [];
    for (const q of typed) {
      const query = SearchQuery.parse({ q, sort });
      const lastPage = searchLimits.reachableMax / query.limit;
      const first = await costOf(selectFoundIds(query, reach));
      const last = await costOf(selectFoundIds({ ...query, page: lastPage }, reach));
      const five = await costOf(selectFoundIds({ ...query, limit: 5 }, { ...reach, reachableMax: 500 }));
      table.push(
        `${q.padEnd(12)}${[first, last, five].map(({ blocks }) => String(blocks).padStart(8)).join("")}`,
      );
      expect.soft(first.blocks, `${q}: ${first.nodes.join(", ")}`).toBeLessThan(blocksMax);
      expect.soft(last.blocks, `${q}: ${last.nodes.join(", ")}`).toBeLessThan(blocksMax);
      expect.soft(five.blocks, `${q}: ${five.nodes.join(", ")}`).toBeLessThan(blocksMax);
    }
    console.log(`by ${sort.padEnd(9)}   first    last    five\n${table.join("\n")}`);
  },
  5 * minutes,
);

const LikeNames = z.tuple([z.object({ known: z.boolean(), names: z.array(z.string()) })]);

test("a word that no product has is compared with few, and one that some product has with none", async () => {
  const like = async (word: string) =>
    LikeNames.parse((await client.query(statementOf(selectLikeNames([word])))).rows)[0];
  await client.query("set pg_trgm.word_similarity_threshold = 0.3");
  const table = [];
  for (const word of ["jakcet", "jaket", "rigdeline", "lnated", "lantren", "lihgt", "zzzzzz", "bradn"]) {
    const { blocks, nodes } = await costOf(selectLikeNames([word]));
    const { known, names } = await like(word);
    expect.soft(known, word).toBe(false);
    expect.soft(names.length, word).toBeLessThanOrEqual(300);
    expect.soft(blocks, `${word}: ${nodes.join(", ")}`).toBeLessThan(blocksMax);
    table.push(`${word.padEnd(12)}${String(blocks).padStart(8)}  ${closestWord(word, names) ?? ""}`);
  }
  console.log(table.join("\n"));
  expect(closestWord("lantren", (await like("lantren")).names)).toBe("lantern");
  expect(closestWord("jaket", (await like("jaket")).names)).toBe("jacket");
  expect(await like("lanter")).toEqual({ known: true, names: [] });
});
