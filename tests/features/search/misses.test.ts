import { expect, test, vi } from "vitest";
import { z } from "zod";
import { inDatabase } from "../../in-database.ts";
import { adminToken, registerCustomer, request } from "../../stack.ts";
import { Problem, createProduct, uniqueWord } from "../catalog/catalog-client.ts";
import { Found, expectFound, fromIndex } from "./search-client.ts";

const Misses = z.object({
  data: z.array(z.object({ query: z.string(), times: z.int(), last_at: z.iso.datetime() })),
  next_cursor: z.string().nullable(),
});
const patience = { timeout: 25_000, interval: 200 };

/** A word without digits, of which a search index has never heard. */
const unheardOf = () =>
  `miss${uniqueWord().replaceAll(/\d/g, (digit) => "ghijklmnop".charAt(Number(digit)))}`;

async function searchFrom(visitor: number, query: Record<string, string>): Promise<Found> {
  const headers = { "cf-connecting-ip": `198.51.100.${visitor}` };
  return (await fromIndex(`/search?${new URLSearchParams(query).toString()}`, headers)).as(Found);
}

async function kept(query: string): Promise<number | undefined> {
  const rows = await inDatabase("select times from search_misses where query = $1", [query]);
  const [row] = z.array(z.object({ times: z.coerce.number() })).parse(rows);
  return row?.times;
}

async function listed(limit = 100, after?: string): Promise<z.infer<typeof Misses>> {
  const query = new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after }) });
  return (await request(`/admin/search/misses?${query.toString()}`, { token: await adminToken() })).as(
    Misses,
  );
}

test("what several visitors did not find is told to the staff, each visitor counted once", async () => {
  const word = unheardOf();
  for (const visitor of [1, 2, 3, 3, 3]) await searchFrom(visitor, { q: `  ${word.toUpperCase()} ` });
  await vi.waitFor(async () => expect(await kept(word)).toBe(3), patience);
  await vi.waitFor(async () => {
    const { data } = await listed();
    expect(data.find(({ query }) => query === word)?.times).toBe(3);
  }, patience);
});

test("what one visitor asked for, with personal data, within filters or successfully is not told", async () => {
  const [one, mail, filtered, found] = [unheardOf(), unheardOf(), unheardOf(), uniqueWord()];
  const shelf = uniqueWord();
  const { id } = await createProduct({ title: `Lamp ${found} ${shelf}` });
  await expectFound({ q: shelf }, [id]);
  for (const visitor of [11, 12, 13]) {
    await searchFrom(visitor, { q: `${mail}@example.com` });
    await searchFrom(visitor, { q: filtered, in_stock: "true" });
    await searchFrom(visitor, { q: found });
  }
  await searchFrom(11, { q: one });
  await vi.waitFor(async () => expect(await kept(one)).toBe(1), patience);
  const { data } = await listed();
  expect(data.map(({ query }) => query)).not.toContain(one);
  const rows = await inDatabase("select query from search_misses where query like any ($1)", [
    [mail, filtered, found].map((word) => `%${word}%`),
  ]);
  expect(rows).toEqual([]);
});

test("what nobody asks for any more is forgotten, rare words sooner", async () => {
  const [old, rare, recent] = [unheardOf(), unheardOf(), unheardOf()];
  const insert = `insert into search_misses (query, times, first_at, last_at)
    values ($1, $2, now() - interval '1 year', now() - make_interval(days => $3))`;
  await inDatabase(insert, [recent, 5, 80]);
  await inDatabase(insert, [old, 5, 91]);
  await inDatabase(insert, [rare, 2, 15]);
  await vi.waitFor(
    async () => expect([await kept(old), await kept(rare)]).toEqual([undefined, undefined]),
    patience,
  );
  expect(await kept(recent)).toBe(5);
});

test("the most missed come first, page by page", async () => {
  const many = unheardOf();
  for (const [suffix, times] of [
    ["a", 1_000_003],
    ["b", 1_000_002],
    ["c", 1_000_002],
  ] as const)
    await inDatabase("insert into search_misses values ($1, $2, now(), now())", [`${many} ${suffix}`, times]);
  try {
    await vi.waitFor(async () => {
      const first = await listed(2);
      expect(first.data.map(({ query }) => query)).toEqual([`${many} a`, `${many} b`]);
      const second = await listed(2, first.next_cursor ?? "");
      expect(second.data[0]?.query).toBe(`${many} c`);
    }, patience);
  } finally {
    await inDatabase("delete from search_misses where query like $1 || ' %'", [many]);
  }
});

test("the list is the staff's", async () => {
  const customer = await registerCustomer();
  const answer = await request("/admin/search/misses", { token: customer.token });
  expect(answer.as(Problem).code).toBe("forbidden");
});
