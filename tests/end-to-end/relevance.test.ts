import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { seedCatalogue } from "#local/seed";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { type ShopClient, createShopClient } from "../shop-client.ts";
import { type Judgement, judgements } from "./relevance-judgements.ts";

/** The mean may not fall below this; whoever makes searches better raises it. */
const scoreMin = 0.96;
const kindScoreMin = 0.92;
const hitsJudged = 10;

const Found = z.object({
  data: z.array(z.object({ handle: z.string() })),
  degraded: z.literal(false),
  did_you_mean: z.object({ q: z.string() }).nullable(),
});

let stack: OwnStack;
let shop: ShopClient;
let products: number;

beforeAll(async () => {
  stack = await startOwnStack();
  const { api, services } = stack.addresses;
  shop = createShopClient(api);
  products = await seedCatalogue({ api, databaseUrl: services.postgres }, await shop.adminToken());
  await vi.waitFor(async () => expect((await search("")).length).toBeGreaterThanOrEqual(products - 3), {
    timeout: 60_000,
    interval: 200,
  });
});

afterAll(() => stack.end());

async function search(q: string): Promise<string[]> {
  const answer = await shop.request(`/search?${new URLSearchParams({ q, limit: "100" }).toString()}`);
  return answer.as(Found).data.map(({ handle }) => handle);
}

/** nDCG@10: the gains of what was found, each the less the further down, as a share of the best order's. */
function scoreOf(found: readonly string[], { grades }: Judgement): number {
  const gainOf = (ordered: readonly number[]) =>
    ordered
      .slice(0, hitsJudged)
      .reduce((sum, grade, place) => sum + (2 ** grade - 1) / Math.log2(place + 2), 0);
  const best = gainOf(Object.values(grades).toSorted((a, b) => b - a));
  return gainOf(found.map((handle) => grades[handle] ?? 0)) / best;
}

function mean(scores: readonly number[]): number {
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

test("searches find what people who know the catalogue would choose, and no worse than before", async () => {
  expect(judgements.length).toBeGreaterThanOrEqual(60);
  const scored = [];
  for (const judgement of judgements) {
    const found = await search(judgement.query);
    scored.push({ ...judgement, found, score: scoreOf(found, judgement) });
  }
  for (const { query, score, found } of scored.filter(({ score }) => score < 0.9))
    console.log(`${score.toFixed(3)} ${query}: ${found.slice(0, 5).join(", ")}`);
  const kinds = Map.groupBy(scored, ({ kind }) => kind);
  const byKind = new Map([...kinds].map(([kind, each]) => [kind, mean(each.map(({ score }) => score))]));
  for (const [kind, score] of byKind) console.log(`${score.toFixed(3)} ${kind}`);
  const score = mean(scored.map((each) => each.score));
  console.log(`nDCG@${hitsJudged} of ${scored.length} judged queries: ${score.toFixed(4)}`);
  expect(score).toBeGreaterThanOrEqual(scoreMin);
  for (const [kind, each] of byKind) expect(each, kind).toBeGreaterThanOrEqual(kindScoreMin);
});

test("every product that is judged is in the catalogue", async () => {
  const known = new Set(await search(""));
  const judged = new Set(judgements.flatMap(({ grades }) => Object.keys(grades)));
  expect([...judged].filter((handle) => !known.has(handle))).toEqual([]);
});
