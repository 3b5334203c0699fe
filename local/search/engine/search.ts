import type { SearchParameters } from "../search-parameters.ts";
import type { Document } from "./attribute-path.ts";
import { DocumentSet } from "./document-set.ts";
import { countFacets } from "./facets.ts";
import { find } from "./find.ts";
import { presentHits } from "./hits.ts";
import type { SearchIndex } from "./search-index.ts";

const LIMIT = 20;

type Page = { offset: number; limit: number };

/** Answers one search. `load` gives the stored body of a document; it is asked for the hits of the page only. */
export function search(
  index: SearchIndex,
  parameters: SearchParameters,
  load: (id: string) => Document | undefined,
): Record<string, unknown> {
  const found = find(index, parameters);
  const maximum = index.settings.pagination.maxTotalHits;
  const page = pageOf(parameters);
  const end = Math.min(page.offset + page.limit, maximum);
  const shown = found.ranked(end).slice(page.offset, end);
  const hits = presentHits({ index, parameters, found, load, shown });
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
