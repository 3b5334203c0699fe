/** A step of the bucket sort: it splits documents that all earlier rules hold equal, best group first. */
export type RankingRule = {
  name: string;
  split: (bucket: readonly number[]) => Iterable<readonly number[]>;
  /** How well documents do by this rule, for their ranking scores; absent for rules that do not score (sort). */
  score?: (documents: readonly number[]) => (document: number) => RuleScore;
};

type RuleScore = { rank: number; rankMax: number };

/** The best `wanted` documents in order. Rules are lazy: a bucket is split only when the page reaches into it. */
export function rankDocuments(
  bucket: readonly number[],
  rules: readonly RankingRule[],
  wanted: number,
): number[] {
  const ranked: number[] = [];
  fillFrom(bucket, rules, { ranked, wanted });
  return ranked;
}

function fillFrom(
  bucket: readonly number[],
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
export function splitByCost(bucket: readonly number[], costOf: (document: number) => number): number[][] {
  const groups = new Map<number, number[]>();
  for (const document of bucket) {
    const cost = costOf(document);
    const group = groups.get(cost);
    if (group === undefined) groups.set(cost, [document]);
    else group.push(document);
  }
  return [...groups].sort(([left], [right]) => left - right).map(([, group]) => group);
}

/** Meilisearch's global score: each rule refines the share that the rules before it left. */
export function rankingScores(
  documents: readonly number[],
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
