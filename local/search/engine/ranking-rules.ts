import type { Direction } from "./attribute-index.ts";
import type { MatchedTerm } from "./candidates.ts";
import { DocumentSet } from "./document-set.ts";
import { type RankingRule, splitByCost } from "./ranking.ts";
import type { SearchIndex } from "./search-index.ts";
import { isLastOfField, positionOf } from "./text-index.ts";

export type SortBy = { attribute: string; direction: Direction };

/** What the rules judge by: the terms in the order in which they are kept, and how many of them a document satisfies. */
export type Judgement = {
  index: SearchIndex;
  terms: readonly MatchedTerm[];
  matchedTerms: (document: number) => number;
  sort: readonly SortBy[];
};

/** Words further apart than this are as far apart as words can be. */
const DISTANCE_MAX = 8;
const POSITION_COST_MAX = 16;

/** The settings' ranking rules, ready to split. Rules about words are left out of a search without words. */
export function rulesFor(judgement: Judgement): RankingRule[] {
  const { rankingRules } = judgement.index.settings;
  return rankingRules.flatMap((name) => {
    if (name === "sort") return judgement.sort.map((sortBy) => sortRule(judgement.index, sortBy));
    const custom = /^(.+):(asc|desc)$/.exec(name);
    if (custom?.[1] !== undefined) {
      return [
        sortRule(judgement.index, { attribute: custom[1], direction: custom[2] === "asc" ? "asc" : "desc" }),
      ];
    }
    return judgement.terms.length === 0 ? [] : wordRules(name, judgement);
  });
}

function wordRules(name: string, judgement: Judgement): RankingRule[] {
  switch (name) {
    case "words":
      return [wordsRule(judgement)];
    case "typo":
      return [typoRule(judgement)];
    case "proximity":
      return judgement.terms.length > 1 ? [proximityRule(judgement)] : [];
    case "attribute":
      return [attributeRankRule(judgement), wordPositionRule(judgement)];
    case "attributeRank":
      return [attributeRankRule(judgement)];
    case "wordPosition":
      return [wordPositionRule(judgement)];
    case "exactness":
      return [exactnessRule(judgement)];
    default:
      return [];
  }
}

type CostOf = (document: number) => number;

/** A rule that prices each document of a bucket; `price` sees the whole bucket so that it can read the postings once. */
function costRule(name: string, costMax: number, price: (bucket: readonly number[]) => CostOf): RankingRule {
  return {
    name,
    split: (bucket) => splitByCost(bucket, price(bucket)),
    score: (documents) => {
      const costOf = price(documents);
      return (document) => {
        const cost = Math.min(costOf(document), costMax);
        return { rank: costMax + 1 - cost, rankMax: costMax + 1 };
      };
    },
  };
}

function wordsRule({ terms, matchedTerms }: Judgement): RankingRule {
  return costRule("words", terms.length - 1, () => (document) => terms.length - matchedTerms(document));
}

function typoRule(judgement: Judgement): RankingRule {
  const costMax = judgement.terms.reduce((sum, { match }) => sum + match.typosMax, 0);
  return costRule("typo", costMax, () =>
    sumOverTerms(judgement, ({ match }, document) => match.typosIn(document)),
  );
}

function attributeRankRule(judgement: Judgement): RankingRule {
  const costMax = judgement.terms.length * Math.max(judgement.index.text.fields.length - 1, 1);
  return costRule("attributeRank", costMax, () =>
    sumOverTerms(judgement, ({ match }, document) => match.fieldRankIn(document)),
  );
}

/** Nearby positions count as equal, ever more so further into the text. */
function wordPositionRule(judgement: Judgement): RankingRule {
  return costRule("wordPosition", POSITION_COST_MAX, () => {
    const positions = sumOverTerms(judgement, ({ match }, document) => match.positionIn(document));
    const inOrder = (judgement.terms.length * (judgement.terms.length - 1)) / 2;
    return (document) => Math.ceil(Math.log2(Math.max(positions(document) - inOrder, 0) + 1));
  });
}

function sumOverTerms(
  { terms, matchedTerms }: Judgement,
  costOf: (term: MatchedTerm, document: number) => number,
): CostOf {
  return (document) =>
    terms.slice(0, matchedTerms(document)).reduce((sum, term) => sum + costOf(term, document), 0);
}

function proximityRule({ terms, matchedTerms, index }: Judgement): RankingRule {
  const costMax = (terms.length - 1) * (DISTANCE_MAX - 1);
  return costRule("proximity", costMax, (bucket) => {
    const documents = DocumentSet.of(bucket, index.live.capacity);
    const places = terms.map(({ match }) => match.placesIn(documents, false));
    return (document) => {
      let cost = 0;
      for (let term = 1; term < matchedTerms(document); term += 1) {
        cost += nearest(places[term - 1]?.get(document), places[term]?.get(document)) - 1;
      }
      return cost;
    };
  });
}

/** The least distance between two words in one field; the wrong order costs one more. */
function nearest(lefts: readonly number[] = [], rights: readonly number[] = []): number {
  let least = DISTANCE_MAX;
  for (const left of lefts) {
    for (const right of rights) {
      const steps = Math.floor(right / 2) - Math.floor(left / 2);
      const distance = steps >= 0 ? Math.max(steps, 1) : 1 - steps;
      if (distance < least) least = distance;
    }
  }
  return least;
}

/** Best where the whole field is the query, then where it begins with it, then by how many words stand as typed. */
function exactnessRule({ terms, index }: Judgement): RankingRule {
  const shares = terms.length + 1;
  return costRule("exactness", 2 * shares + terms.length, (bucket) => {
    const documents = DocumentSet.of(bucket, index.live.capacity);
    const places = terms.map(({ match }) => match.placesIn(documents, true));
    return (document) => {
      const exactTerms = terms.filter(({ match }) => match.isExactIn(document)).length;
      const ofDocument = places.map((placesOfTerm) => placesOfTerm.get(document) ?? []);
      return fieldLikeness(ofDocument) * shares + (terms.length - exactTerms);
    };
  });
}

/** 0: a field consists of exactly these words; 1: a field begins with them; 2: neither. */
function fieldLikeness(placesOfTerms: readonly (readonly number[])[]): 0 | 1 | 2 {
  const [starts = [], ...followers] = placesOfTerms;
  let likeness: 1 | 2 = 2;
  for (const start of starts) {
    if (positionOf(start) !== 0) continue;
    const sequence = followers.map((places, index) =>
      places.find((place) => Math.floor(place / 2) === Math.floor(start / 2) + index + 1),
    );
    if (sequence.includes(undefined)) continue;
    if (isLastOfField(sequence.at(-1) ?? start)) return 0;
    likeness = 1;
  }
  return likeness;
}

/** Orders by an attribute; documents without it come last. */
export function sortRule(index: SearchIndex, { attribute, direction }: SortBy): RankingRule {
  return {
    name: `${attribute}:${direction}`,
    split: (bucket) => {
      const values = index.attribute(attribute);
      if (values === undefined) return [bucket];
      return values.inOrder(bucket, direction, () => DocumentSet.of(bucket, index.live.capacity));
    },
  };
}
