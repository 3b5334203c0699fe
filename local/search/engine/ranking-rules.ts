import type { Direction } from "./attribute-index.ts";
import type { MatchedTerm } from "./candidates.ts";
import { DocumentSet } from "./document-set.ts";
import { type RankingRule, splitByCost } from "./ranking.ts";
import type { SearchIndex } from "./search-index.ts";
import { isLastOfField, positionOf } from "./postings.ts";
import type { PlacesOfTerm } from "./term-match.ts";

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

/** What a document costs, given its place in the bucket as well. */
type CostOf = (document: number, ordinal: number) => number;

/** A rule that prices each document of a bucket; `price` sees the whole bucket so that it can read the postings once. */
function costRule(name: string, costMax: number, price: (bucket: Uint32Array) => CostOf): RankingRule {
  return {
    name,
    split: (bucket) => (costMax === 0 ? [bucket] : splitByCost(bucket, costsIn(bucket, price(bucket)))),
    score: (documents) => {
      const sorted = documents.toSorted();
      const costOf = price(sorted);
      const ordinals = new Map([...sorted].map((document, ordinal) => [document, ordinal]));
      return (document) => {
        const cost = Math.min(costOf(document, ordinals.get(document) ?? 0), costMax);
        return { rank: costMax + 1 - cost, rankMax: costMax + 1 };
      };
    },
  };
}

function costsIn(bucket: Uint32Array, costOf: CostOf): Uint16Array {
  const costs = new Uint16Array(bucket.length);
  for (let ordinal = 0; ordinal < bucket.length; ordinal += 1)
    costs[ordinal] = costOf(bucket[ordinal] ?? 0, ordinal);
  return costs;
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

/** Nearby positions count as equal, ever more so further into the text: by how many binary digits the position has. */
function wordPositionRule(judgement: Judgement): RankingRule {
  return costRule("wordPosition", POSITION_COST_MAX, () => {
    const positions = sumOverTerms(judgement, ({ match }, document) => match.positionIn(document));
    const inOrder = (judgement.terms.length * (judgement.terms.length - 1)) / 2;
    return (document) => 32 - Math.clz32(Math.max(positions(document) - inOrder, 0));
  });
}

function sumOverTerms(
  { terms, matchedTerms }: Judgement,
  costOf: (term: MatchedTerm, document: number) => number,
): (document: number) => number {
  return (document) => {
    const matched = matchedTerms(document);
    let sum = 0;
    for (let number = 0; number < matched; number += 1) {
      const term = terms[number];
      if (term !== undefined) sum += costOf(term, document);
    }
    return sum;
  };
}

function proximityRule({ terms, matchedTerms }: Judgement): RankingRule {
  const costMax = (terms.length - 1) * (DISTANCE_MAX - 1);
  return costRule("proximity", costMax, (bucket) => {
    const placesOfTerms = terms.map(({ match }) => match.placesIn(bucket, false));
    return (document, ordinal) => {
      let cost = 0;
      for (let term = 1; term < matchedTerms(document); term += 1) {
        cost +=
          nearest(placesOf(placesOfTerms[term - 1], ordinal), placesOf(placesOfTerms[term], ordinal)) - 1;
      }
      return cost;
    };
  });
}

const NOWHERE = new Uint32Array();

function placesOf(ofTerm: PlacesOfTerm | undefined, ordinal: number): Uint32Array {
  return ofTerm?.places.subarray(ofTerm.starts[ordinal], ofTerm.starts[ordinal + 1]) ?? NOWHERE;
}

/** The least distance between two words in one field; the wrong order costs one more. */
function nearest(lefts: Uint32Array, rights: Uint32Array): number {
  let least = DISTANCE_MAX;
  for (let left = 0; left < lefts.length; left += 1) {
    for (let right = 0; right < rights.length; right += 1) {
      const steps = ((rights[right] ?? 0) >>> 1) - ((lefts[left] ?? 0) >>> 1);
      const distance = steps >= 0 ? Math.max(steps, 1) : 1 - steps;
      if (distance < least) least = distance;
    }
  }
  return least;
}

/** Best where the whole field is the query, then where it begins with it, then by how many words stand as typed. */
function exactnessRule({ terms }: Judgement): RankingRule {
  const shares = terms.length + 1;
  return costRule("exactness", 2 * shares + terms.length, (bucket) => {
    const placesOfTerms = terms.map(({ match }) => match.placesIn(bucket, true));
    return (document, ordinal) => {
      let inexact = 0;
      for (const { match } of terms) if (!match.isExactIn(document)) inexact += 1;
      if (inexact > 0) return 2 * shares + inexact;
      return fieldLikeness(placesOfTerms.map((ofTerm) => placesOf(ofTerm, ordinal))) * shares;
    };
  });
}

/** 0: a field consists of exactly these words; 1: a field begins with them; 2: neither. */
function fieldLikeness(placesOfTerms: readonly Uint32Array[]): 0 | 1 | 2 {
  const [starts = NOWHERE, ...followers] = placesOfTerms;
  let likeness: 1 | 2 = 2;
  for (const start of starts) {
    if (positionOf(start) !== 0) continue;
    const sequence = followers.map((places, index) =>
      places.find((place) => place >>> 1 === (start >>> 1) + index + 1),
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
