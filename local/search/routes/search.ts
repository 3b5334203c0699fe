import { randomUUID } from "node:crypto";
import { DocumentSet } from "../engine/document-set.ts";
import { searchFacet } from "../engine/facets.ts";
import { find } from "../engine/find.ts";
import { search } from "../engine/search.ts";
import { MeilisearchError } from "../meilisearch-error.ts";
import {
  FacetSearchParameters,
  MultiSearchParameters,
  parseParameters,
  SearchParameters,
  searchParametersOfUrl,
} from "../search-parameters.ts";
import { type Call, jsonBody, ok, type Route, type Services } from "./route.ts";

export const searchRoutes: Route[] = [
  {
    method: "POST",
    path: "/indexes/:index/search",
    action: "search",
    handle: async (call, services) =>
      ok(
        await searchIndex(call.parameter("index"), call.body.length === 0 ? {} : jsonBody(call), {
          ...services,
          call,
        }),
      ),
  },
  {
    method: "GET",
    path: "/indexes/:index/search",
    action: "search",
    handle: async (call, services) =>
      ok(
        await searchIndex(call.parameter("index"), searchParametersOfUrl(call.query), { ...services, call }),
      ),
  },
  { method: "POST", path: "/indexes/:index/facet-search", action: "search", handle: facetSearch },
  { method: "POST", path: "/multi-search", action: "search", handle: multiSearch },
];

type SearchContext = Services & { call: Pick<Call, "grant"> };

async function searchIndex(uid: string, body: unknown, { store, indexes, call }: SearchContext) {
  const startedAt = performance.now();
  const stored = store.getIndex(uid);
  const parameters = parseParameters(SearchParameters, body, "search");
  const index = await indexes.open(stored);
  const answer = search(
    index,
    { ...parameters, filter: bothFilters(call.grant.filter, parameters.filter) },
    (id) => store.findDocument(stored, id),
  );
  const processingTimeMs = Math.round(performance.now() - startedAt);
  return { ...answer, processingTimeMs, requestUid: randomUUID() };
}

async function facetSearch(call: Call, { store, indexes }: Services) {
  const startedAt = performance.now();
  const stored = store.getIndex(call.parameter("index"));
  const { facetName, facetQuery, ...rest } = parseParameters(
    FacetSearchParameters,
    jsonBody(call),
    "facet_search",
  );
  if (!stored.settings.facetSearch) {
    throw new MeilisearchError("facet_search_disabled", "The facet search is disabled for this index");
  }
  const index = await indexes.open(stored);
  const { documents } = find(index, { ...rest, filter: bothFilters(call.grant.filter, rest.filter) });
  const found = DocumentSet.of(documents, index.live.capacity);
  return ok({
    facetHits: searchFacet(index, { name: facetName, typed: facetQuery ?? "" }, found),
    facetQuery: facetQuery ?? null,
    processingTimeMs: Math.round(performance.now() - startedAt),
  });
}

/** Every query under its own index and its own grant. */
async function multiSearch(call: Call, services: Services) {
  const { queries, federation } = parseParameters(MultiSearchParameters, jsonBody(call), "multi_search");
  if (federation !== undefined && federation !== null) {
    throw new MeilisearchError(
      "feature_not_enabled",
      "The local search engine does not merge federated searches.",
    );
  }
  const results: unknown[] = [];
  for (const [position, { indexUid, ...parameters }] of queries.entries()) {
    const grant = services.access.authorise(call.authorization, "search", indexUid);
    try {
      results.push({
        indexUid,
        ...(await searchIndex(indexUid, parameters, { ...services, call: { grant } })),
      });
    } catch (fault) {
      if (!(fault instanceof MeilisearchError)) throw fault;
      throw new MeilisearchError(fault.code, `Inside \`.queries[${position}]\`: ${fault.message}`);
    }
  }
  return ok({ results });
}

function bothFilters(granted: unknown, asked: SearchParameters["filter"]): SearchParameters["filter"] {
  const filters = [granted, asked].filter((filter) => filter !== undefined && filter !== null);
  if (filters.length < 2)
    return typeof filters[0] === "string" || Array.isArray(filters[0]) ? filters[0] : undefined;
  return filters.flatMap((filter) => (Array.isArray(filter) ? filter : [filter]));
}
