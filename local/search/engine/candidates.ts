import type { TermMatch } from "./term-match.ts";

/** `last` gives up words from the end of the query, `frequency` the commonest first, `all` none. */
export type MatchingStrategy = "last" | "all" | "frequency";

/** One term of the query with its matches; a phrase in quotes is never given up. */
export type MatchedTerm = { match: TermMatch; isRequired: boolean };

/** The documents that answer the query at all, and how many terms of it each satisfies. */
export type Candidates = {
  /** In ascending order. */
  documents: Uint32Array;
  /** The terms in the order in which they are kept. */
  terms: MatchedTerm[];
  matchedTerms: (document: number) => number;
};

export function findCandidates(matched: readonly MatchedTerm[], strategy: MatchingStrategy): Candidates {
  const terms = strategy === "frequency" ? rarestFirst(matched) : [...matched];
  const required = strategy === "all" ? terms : terms.filter((term) => term.isRequired);
  const matchedTerms = (document: number): number => {
    for (let number = 0; number < terms.length; number += 1)
      if (terms[number]?.match.has(document) === false) return number;
    return terms.length;
  };
  const [anchor, ...others] = required.length > 0 ? required : terms.slice(0, 1);
  const ofAnchor = anchor?.match.documents() ?? new Uint32Array();
  const documents =
    others.length === 0
      ? ofAnchor
      : ofAnchor.filter((document) => others.every(({ match }) => match.has(document)));
  return { documents, terms, matchedTerms };
}

function rarestFirst(terms: readonly MatchedTerm[]): MatchedTerm[] {
  return terms
    .map((term) => ({ term, count: term.match.count() }))
    .sort((left, right) => left.count - right.count)
    .map(({ term }) => term);
}
