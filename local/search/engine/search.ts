import { MeilisearchError } from "../meilisearch-error.ts";
import type { SearchParameters } from "../search-parameters.ts";
import { filterablePatterns } from "../settings.ts";
import { type Document, isCovered, pickAttributes } from "./attribute-path.ts";
import { findCandidates, type MatchedTerm } from "./candidates.ts";
import { deriveTerms } from "./derivations.ts";
import { DocumentSet } from "./document-set.ts";
import { countFacets } from "./facets.ts";
import { availableAttributes } from "./filter-evaluator.ts";
import { formatDocument, matchPositions } from "./format.ts";
import { parseQuery, type Query, type QueryTerm } from "./query-parser.ts";
import { rankDocuments, type RankingRule, rankingScore } from "./ranking.ts";
import { rulesFor, type SortBy } from "./ranking-rules.ts";
import type { SearchIndex } from "./search-index.ts";
import { type FieldScope, TermMatch } from "./term-match.ts";
import { fold } from "./tokenizer.ts";

const LIMIT = 20;

/** Everything found, before a page is cut from it. */
export type Found = {
  documents: number[];
  ranked: (wanted: number) => number[];
  rules: RankingRule[];
  highlights: Map<string, number>;
};

export type Page = { offset: number; limit: number };

/** Answers one search. `load` gives the stored body of a document; it is asked for the hits of the page only. */
export function search(
  index: SearchIndex,
  parameters: SearchParameters,
  load: (id: string) => Document,
): Record<string, unknown> {
  const found = find(index, parameters);
  const maximum = index.settings.pagination.maxTotalHits;
  const page = pageOf(parameters);
  const end = Math.min(page.offset + page.limit, maximum);
  const hits = found
    .ranked(end)
    .slice(page.offset, end)
    .map((document) => presentHit(document, { index, parameters, found, load }));
  const total = Math.min(found.documents.length, maximum);
  return {
    hits,
    query: parameters.q ?? "",
    ...pagination(parameters, page, total),
    ...(parameters.facets &&
      parameters.facets.length > 0 &&
      countFacets(index, parameters.facets, DocumentSet.of(found.documents, index.live.capacity))),
  };
}

/** The documents that answer the query within its filter, with the means to rank them. */
export function find(index: SearchIndex, parameters: SearchParameters): Found {
  const sort = parseSort(parameters.sort ?? [], index, "invalid_search_sort");
  const allowed = index.filter(parameters.filter);
  const { terms, excluded } = queryOf(index, parameters);
  const matched = matchTerms(terms, { index, parameters, allowed });
  const refused = matchTerms(excluded, { index, parameters, allowed });
  const candidates = findCandidates(matched, parameters.matchingStrategy ?? "last");
  const documents = (matched.length === 0 ? allowed.toArray() : candidates.documents).filter(
    (document) => !refused.some(({ match }) => match.has(document)),
  );
  const rules = rulesFor({ index, terms: candidates.terms, matchedTerms: candidates.matchedTerms, sort });
  const ranked = (wanted: number) => rankDocuments(documents, rules, wanted);
  const highlights = new Map(matched.flatMap(({ match }) => [...match.highlights]));
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
  const seen = new Set<string | number>();
  const kept = found.ranked(Number.POSITIVE_INFINITY).filter((document) => {
    if (threshold > 0 && rankingScore(document, found.rules) < threshold) return false;
    const value = values?.firstValueOf(document);
    if (value === undefined) return true;
    const isNew = !seen.has(value);
    seen.add(value);
    return isNew;
  });
  return { ...found, documents: kept, ranked: () => kept };
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

function isPaged({ page, hitsPerPage }: SearchParameters): boolean {
  return (page ?? hitsPerPage ?? null) !== null;
}

function pageOf(parameters: SearchParameters): Page {
  if (!isPaged(parameters)) return { offset: parameters.offset ?? 0, limit: parameters.limit ?? LIMIT };
  const page = parameters.page ?? 1;
  const limit = parameters.hitsPerPage ?? LIMIT;
  return page === 0 ? { offset: 0, limit: 0 } : { offset: (page - 1) * limit, limit };
}

function pagination(parameters: SearchParameters, page: Page, total: number): Record<string, number> {
  if (!isPaged(parameters)) return { ...page, estimatedTotalHits: total };
  const hitsPerPage = parameters.hitsPerPage ?? LIMIT;
  return {
    hitsPerPage,
    page: parameters.page ?? 1,
    totalPages: hitsPerPage === 0 ? 0 : Math.ceil(total / hitsPerPage),
    totalHits: total,
  };
}

type HitContext = {
  index: SearchIndex;
  parameters: SearchParameters;
  found: Found;
  load: (id: string) => Document;
};

function presentHit(document: number, { index, parameters, found, load }: HitContext): Document {
  const { settings } = index;
  const displayed = pickAttributes(load(index.idOf(document)), settings.displayedAttributes);
  const hit: Document = { ...pickAttributes(displayed, parameters.attributesToRetrieve ?? ["*"]) };
  if (parameters.attributesToHighlight?.length || parameters.attributesToCrop?.length) {
    hit["_formatted"] = formatDocument(displayed, parameters, found.highlights);
  }
  if (parameters.showMatchesPosition) {
    const isSearchable = (path: string) => isCovered(settings.searchableAttributes, path);
    hit["_matchesPosition"] = matchPositions(displayed, isSearchable, found.highlights);
  }
  if (parameters.showRankingScore) hit["_rankingScore"] = rankingScore(document, found.rules);
  if (parameters.showRankingScoreDetails) hit["_rankingScoreDetails"] = scoreDetails(document, found.rules);
  return hit;
}

function scoreDetails(document: number, rules: readonly RankingRule[]): Record<string, unknown> {
  return Object.fromEntries(
    rules.map(({ name, score }, order) => {
      const scored = score?.(document);
      return [name, scored === undefined ? { order } : { order, score: scored.rank / scored.rankMax }];
    }),
  );
}
