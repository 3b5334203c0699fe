/**
 * A step of the bucket sort: it splits documents that all earlier rules hold equal, best group first. Buckets and groups
 * are in ascending order of their documents' numbers.
 */
export type RankingRule = {
  name: string;
  split: (bucket: Uint32Array) => Iterable<Uint32Array>;
  /** How well documents do by this rule, for their ranking scores; absent for rules that do not score (sort). */
  score?: (documents: Uint32Array) => (document: number) => RuleScore;
};

type RuleScore = { rank: number; rankMax: number };

/** The best `wanted` documents in order. Rules are lazy: a bucket is split only when the page reaches into it. */
export function rankDocuments(bucket: Uint32Array, rules: readonly RankingRule[], wanted: number): number[] {
  const ranked: number[] = [];
  fillFrom(bucket, rules, { ranked, wanted });
  return ranked;
}

function fillFrom(
  bucket: Uint32Array,
  [rule, ...rest]: readonly RankingRule[],
  page: { ranked: number[]; wanted: number },
): void {
  if (rule === undefined || bucket.length <= 1) {
    for (const document of bucket) page.ranked.push(document);
    return;
  }
  for (const group of rule.split(bucket)) {
    fillFrom(group, rest, page);
    if (page.ranked.length >= page.wanted) return;
  }
}

/** Groups by cost, cheapest first; within a group the order stays. */
export function* splitByCost(bucket: Uint32Array, costs: Uint16Array): Generator<Uint32Array> {
  let costMax = 0;
  for (let index = 0; index < costs.length; index += 1) costMax = Math.max(costMax, costs[index] ?? 0);
  const ends = new Uint32Array(costMax + 2);
  for (let index = 0; index < costs.length; index += 1) {
    const cost = costs[index] ?? 0;
    ends[cost + 1] = (ends[cost + 1] ?? 0) + 1;
  }
  for (let cost = 1; cost < ends.length; cost += 1) ends[cost] = (ends[cost] ?? 0) + (ends[cost - 1] ?? 0);
  const grouped = new Uint32Array(bucket.length);
  const next = ends.slice();
  for (let index = 0; index < bucket.length; index += 1) {
    const cost = costs[index] ?? 0;
    const slot = next[cost] ?? 0;
    grouped[slot] = bucket[index] ?? 0;
    next[cost] = slot + 1;
  }
  for (let cost = 0; cost <= costMax; cost += 1) {
    const group = grouped.subarray(ends[cost], ends[cost + 1]);
    if (group.length > 0) yield group;
  }
}

/** Meilisearch's global score: each rule refines the share that the rules before it left. */
export function rankingScores(
  documents: Uint32Array,
  rules: readonly RankingRule[],
): (document: number) => number {
  const scorings = rules.flatMap(({ score }) => (score === undefined ? [] : [score(documents)]));
  return (document) => {
    let total = 1;
    let share = 1;
    for (const scoreOf of scorings) {
      const { rank, rankMax } = scoreOf(document);
      share /= rankMax;
      total -= (rankMax - rank) * share;
    }
    return total;
  };
}
