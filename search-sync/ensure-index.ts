import { MeilisearchApiError, type Settings } from "meilisearch";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import { productIndex } from "#features/search/document";
import type { Context } from "#platform/context";
import type { RebuildJob } from "#features/search/rebuild-schema";
import { readAllSynonyms } from "#features/search/synonyms";
import { indexSettingsWith } from "./index-settings.ts";
import { readWritePlace } from "./rebuild-state.ts";

/** This isolate has seen the index with the settings of its own release. */
let ensured = false;

/** Makes sure, once per isolate, that what is written next meets an index with our settings. */
export async function ensureIndex(context: Context): Promise<void> {
  if (!ensured) await renewSettings(context);
}

/**
 * Compares the settings of the index with ours and the staff's synonyms, and changes them where they differ; where there is no index one is made,
 * and filled by a rebuild. Tasks run in order, so documents that are written afterwards meet the changed settings.
 */
export async function renewSettings(context: Context): Promise<void> {
  const index = context.search.index(productIndex);
  const present = await index.getSettings().catch((error: unknown) => {
    if (isMissingIndex(error)) return undefined;
    throw error;
  });
  const { indexes } = await readWritePlace(context);
  const wanted = indexSettingsWith(await readAllSynonyms(context));
  if (present === undefined || (await hashOf(present)) !== (await hashOf(wanted)))
    for (const uid of indexes) await context.search.index(uid).updateSettings(wanted);
  if (present === undefined)
    await context.queue.publish({
      path: "/jobs/search-rebuild",
      body: { kind: "start" } satisfies RebuildJob,
      deduplicationId: "search-index-made",
    });
  ensured = true;
}

function isMissingIndex(error: unknown): boolean {
  return codeOf(error) === "index_not_found";
}

/** There is no index, or one without our settings, as a write makes it that comes before them. */
export function isUnmadeIndex(error: unknown): boolean {
  return isMissingIndex(error) || codeOf(error) === "invalid_document_filter";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof MeilisearchApiError ? error.cause?.code : undefined;
}

/** A hash of the part that we set, in the order that Meilisearch keeps: what we leave to it may differ. */
async function hashOf(settings: Settings): Promise<string> {
  const { typoTolerance, pagination, faceting } = settings;
  const ours = {
    searchable: settings.searchableAttributes,
    filterable: sorted(settings.filterableAttributes),
    sortable: sorted(settings.sortableAttributes),
    rules: settings.rankingRules,
    stopWords: sorted(settings.stopWords),
    synonyms: Object.entries(settings.synonyms ?? {})
      .map(([word, others]) => JSON.stringify([word, others.toSorted()]))
      .toSorted(),
    typos: typoTolerance?.minWordSizeForTypos,
    typosEnabled: typoTolerance?.enabled,
    exact: typoTolerance?.disableOnAttributes,
    totalMax: pagination?.maxTotalHits,
    facetValuesMax: faceting?.maxValuesPerFacet,
    facetOrder: faceting?.sortFacetValuesBy,
  };
  return sha256Hex(canonicalJson(ours));
}

function sorted(names: readonly unknown[] | null | undefined): string[] {
  return (names ?? []).map((name) => JSON.stringify(name)).sort();
}
