import { MeilisearchError } from "../meilisearch-error.ts";
import type { SearchParameters } from "../search-parameters.ts";
import { filterablePatterns } from "../settings.ts";
import { isCovered } from "./attribute-path.ts";
import { findCandidates, type MatchedTerm } from "./candidates.ts";
import { deriveTerms } from "./derivations.ts";
import type { DocumentSet } from "./document-set.ts";
import { availableAttributes } from "./filter-evaluator.ts";
import type { Highlights } from "./format.ts";
import { parseQuery, type Query, type QueryTerm } from "./query-parser.ts";
import { rankDocuments, type RankingRule, rankingScores } from "./ranking.ts";
import { rulesFor, type SortBy } from "./ranking-rules.ts";
import type { SearchIndex } from "./search-index.ts";
import { type FieldScope, TermMatch } from "./term-match.ts";
import { fold } from "./tokenizer.ts";

/** Everything found, before a page is cut from it. */
export type Found = {
  /** In ascending order, unless they had to be ranked to be found. */
  documents: Uint32Array;
  ranked: (wanted: number) => number[];
  rules: RankingRule[];
  highlights: Highlights;
};

/** The documents that answer the query within its filter, with the means to rank them. */
export function find(index: SearchIndex, parameters: SearchParameters): Found {
  const sort = parseSort(parameters.sort ?? [], index, "invalid_search_sort");
  const allowed = index.filter(parameters.filter);
  const { terms, excluded } = queryOf(index, parameters);
  const matched = matchTerms(terms, { index, parameters, allowed });
  const refused = matchTerms(excluded, { index, parameters, allowed });
  const candidates = findCandidates(matched, parameters.matchingStrategy ?? "last");
  const answering = matched.length === 0 ? allowed.members() : candidates.documents;
  const documents =
    refused.length === 0
      ? answering
      : answering.filter((document) => !refused.some(({ match }) => match.has(document)));
  const rules = rulesFor({ index, terms: candidates.terms, matchedTerms: candidates.matchedTerms, sort });
  const ranked = (wanted: number) => rankDocuments(documents, rules, wanted);
  const highlights = (word: string) =>
    matched.map(({ match }) => match.lettersOf(word)).find((letters) => letters !== undefined);
  return narrow({ documents, ranked, rules, highlights }, index, parameters);
}

export function parseSort(sort: readonly string[], index: SearchIndex, code: string): SortBy[] {
  return sort.map((text) => {
    const [, attribute, direction] = /^(.+):(asc|desc)$/.exec(text) ?? [];
    if (attribute === undefined) {
      throw new MeilisearchError(
        code,
        `Invalid syntax for the sort parameter: expected expression ending by \`:asc\` or \`:desc\`, found \`${text}\`.`,
      );
    }
    if (!isCovered(index.settings.sortableAttributes, attribute)) {
      const available = availableAttributes("sortable", index.settings.sortableAttributes);
      throw new MeilisearchError(code, `Attribute \`${attribute}\` is not sortable. ${available}`);
    }
    return { attribute, direction: direction === "desc" ? "desc" : "asc" };
  });
}

function queryOf(index: SearchIndex, { q }: SearchParameters): Query {
  return parseQuery(q ?? "", {
    stopWords: new Set(index.settings.stopWords.map(fold)),
    prefixSearch: index.settings.prefixSearch !== "disabled",
  });
}

type MatchContext = { index: SearchIndex; parameters: SearchParameters; allowed: DocumentSet };

function matchTerms(
  terms: readonly QueryTerm[],
  { index, parameters, allowed }: MatchContext,
): MatchedTerm[] {
  if (terms.length === 0) return [];
  const scope = scopeOf(index, parameters.attributesToSearchOn);
  return deriveTerms(terms, index.text, index.settings).map((derivation, position) => ({
    match: new TermMatch(derivation, scope, allowed),
    isRequired: terms[position]?.kind === "phrase",
  }));
}

function scopeOf(
  { settings, text }: SearchIndex,
  searchOn: SearchParameters["attributesToSearchOn"],
): FieldScope {
  const { searchableAttributes, typoTolerance } = settings;
  const unknown = searchOn?.find((name) => name !== "*" && !isCovered(searchableAttributes, name));
  if (unknown !== undefined) {
    throw new MeilisearchError(
      "invalid_search_attributes_to_search_on",
      `Attribute \`${unknown}\` is not searchable. Available searchable attributes are: \`${searchableAttributes.join(", ")}\`.`,
    );
  }
  const rankOf = (path: string, field: number) =>
    searchableAttributes.includes("*")
      ? field
      : searchableAttributes.findIndex((name) => isCovered([name], path));
  return {
    ranks: text.fields.map((path, field) =>
      searchOn && !isCovered(searchOn, path) ? undefined : rankOf(path, field),
    ),
    withoutTypos: new Set(
      [...text.fields.keys()].filter((field) =>
        isCovered(typoTolerance.disableOnAttributes, text.fields[field] ?? ""),
      ),
    ),
  };
}

/** Applies what needs all documents ranked: one hit per value of the distinct attribute, and the score threshold. */
function narrow(found: Found, index: SearchIndex, parameters: SearchParameters): Found {
  const distinct = distinctAttribute(index, parameters);
  const threshold = parameters.rankingScoreThreshold ?? 0;
  if (distinct === null && threshold === 0) return found;
  const values = distinct === null ? undefined : index.attribute(distinct);
  const scoreOf = threshold > 0 ? rankingScores(found.documents, found.rules) : undefined;
  const seen = new Set<string | number>();
  const kept = found.ranked(Number.POSITIVE_INFINITY).filter((document) => {
    if (scoreOf !== undefined && scoreOf(document) < threshold) return false;
    const value = values?.firstValueOf(document);
    if (value === undefined) return true;
    const isNew = !seen.has(value);
    seen.add(value);
    return isNew;
  });
  return { ...found, documents: Uint32Array.from(kept), ranked: () => kept };
}

function distinctAttribute({ settings }: SearchIndex, { distinct }: SearchParameters): string | null {
  if (!distinct) return settings.distinctAttribute;
  const patterns = filterablePatterns(settings);
  if (isCovered(patterns, distinct)) return distinct;
  throw new MeilisearchError(
    "invalid_search_distinct",
    `Attribute \`${distinct}\` is not filterable and thus, cannot be used as distinct attribute. ${availableAttributes("filterable", patterns)}`,
  );
}
