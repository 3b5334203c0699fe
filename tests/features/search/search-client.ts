import { expect, vi } from "vitest";
import { z } from "zod";
import type { Answer } from "../../shop-client.ts";
import { request } from "../../stack.ts";
import { Product } from "../catalog/catalog-client.ts";

export const Found = z.strictObject({
  data: z.array(Product.extend({ highlight: z.object({ title: z.string(), description: z.string() }) })),
  total: z.int(),
  facets: z.record(
    z.string(),
    z.object({
      values: z.array(
        z.object({
          value: z.string(),
          count: z.int(),
          selected: z.boolean(),
          title: z.string().optional(),
          price_min: z.int().optional(),
          price_max: z.int().optional(),
        }),
      ),
      range: z.object({ min: z.number(), max: z.number() }).nullable(),
    }),
  ),
  did_you_mean: z.object({ q: z.string(), total: z.int() }).nullable(),
  query_id: z.string(),
  took_ms: z.int(),
  degraded: z.boolean(),
});
export type Found = z.infer<typeof Found>;

type Query = Record<string, string | readonly string[]>;

const Degraded = z.object({ degraded: z.literal(true) });

/** Lists become repeated parameters. */
export function search(query: Query): Promise<Answer> {
  const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  return fromIndex(`/search?${new URLSearchParams(pairs).toString()}`);
}

/** Asks until the index itself has answered: on a busy machine it may be late, and the shop answers without it. */
export function fromIndex(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return vi.waitFor(
    async () => {
      const answer = await request(path, { headers });
      expect(Degraded.safeParse(answer.body).success, "the index was late").toBe(false);
      return answer;
    },
    { timeout: 25_000, interval: 250 },
  );
}

/** How many products have each value of a facet. */
export function countsOf({ facets }: Found, name: string): Record<string, number> {
  return Object.fromEntries((facets[name]?.values ?? []).map(({ value, count }) => [value, count]));
}

/** Searches until the answer is as expected: the index follows the catalogue within a moment. */
export async function searchUntil(query: Query, isExpected: (found: Found) => boolean): Promise<Found> {
  return vi.waitUntil(
    async () => {
      const found = (await search(query)).as(Found);
      return isExpected(found) && found;
    },
    { timeout: 25_000, interval: 100 },
  );
}

/** Waits until exactly these products are found. */
export async function expectFound(query: Query, ids: readonly string[]): Promise<Found> {
  return vi.waitFor(
    async () => {
      const found = (await search(query)).as(Found);
      expect(found.data.map(({ id }) => id).sort()).toEqual([...ids].sort());
      return found;
    },
    { timeout: 25_000, interval: 100 },
  );
}
