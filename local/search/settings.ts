import { z } from "zod";
import { compareStrings } from "./engine/attribute-index.ts";
import { isObject } from "./engine/attribute-path.ts";
import { MeilisearchError } from "./meilisearch-error.ts";

const Names = z.array(z.string());

const FilterableAttribute = z.union([
  z.string(),
  z.object({ attributePatterns: Names, features: z.unknown().optional() }),
]);

const TypoTolerance = z.object({
  enabled: z.boolean(),
  minWordSizeForTypos: z.object({ oneTypo: z.int().min(0).max(255), twoTypos: z.int().min(0).max(255) }),
  disableOnWords: Names,
  disableOnAttributes: Names,
  disableOnNumbers: z.boolean(),
});

const Faceting = z.object({
  maxValuesPerFacet: z.int().min(0),
  sortFacetValuesBy: z.record(z.string(), z.enum(["alpha", "count"])),
});

export const Settings = z.object({
  displayedAttributes: Names,
  searchableAttributes: Names,
  filterableAttributes: z.array(FilterableAttribute),
  sortableAttributes: Names,
  rankingRules: z.array(
    z
      .string()
      .regex(/^(words|typo|proximity|attribute|attributeRank|wordPosition|sort|exactness|.+:(asc|desc))$/),
  ),
  stopWords: Names,
  nonSeparatorTokens: Names,
  separatorTokens: Names,
  dictionary: Names,
  synonyms: z.record(z.string(), Names),
  distinctAttribute: z.string().nullable(),
  proximityPrecision: z.enum(["byWord", "byAttribute"]),
  typoTolerance: TypoTolerance,
  faceting: Faceting,
  pagination: z.object({ maxTotalHits: z.int().min(0) }),
  embedders: z.record(z.string(), z.unknown()),
  searchCutoffMs: z.number().nullable(),
  localizedAttributes: z.array(z.unknown()).nullable(),
  facetSearch: z.boolean(),
  prefixSearch: z.enum(["indexingTime", "disabled"]),
});
export type Settings = z.infer<typeof Settings>;

/** What changes key by key instead of as a whole. */
const MERGED = new Set(["typoTolerance", "faceting", "pagination", "embedders"]);

/** What Meilisearch keeps as a sorted set. */
const SORTED = [
  "filterableAttributes",
  "sortableAttributes",
  "stopWords",
  "nonSeparatorTokens",
  "separatorTokens",
  "dictionary",
] as const;

/** Path segment of each setting's own route, and the method that changes it. */
export const SETTING_ROUTES: Record<string, { name: keyof Settings; method: "PUT" | "PATCH" }> = {
  "displayed-attributes": { name: "displayedAttributes", method: "PUT" },
  "searchable-attributes": { name: "searchableAttributes", method: "PUT" },
  "filterable-attributes": { name: "filterableAttributes", method: "PUT" },
  "sortable-attributes": { name: "sortableAttributes", method: "PUT" },
  "ranking-rules": { name: "rankingRules", method: "PUT" },
  "stop-words": { name: "stopWords", method: "PUT" },
  "non-separator-tokens": { name: "nonSeparatorTokens", method: "PUT" },
  "separator-tokens": { name: "separatorTokens", method: "PUT" },
  dictionary: { name: "dictionary", method: "PUT" },
  synonyms: { name: "synonyms", method: "PUT" },
  "distinct-attribute": { name: "distinctAttribute", method: "PUT" },
  "proximity-precision": { name: "proximityPrecision", method: "PUT" },
  "typo-tolerance": { name: "typoTolerance", method: "PATCH" },
  faceting: { name: "faceting", method: "PATCH" },
  pagination: { name: "pagination", method: "PATCH" },
  embedders: { name: "embedders", method: "PATCH" },
  "search-cutoff-ms": { name: "searchCutoffMs", method: "PUT" },
  "localized-attributes": { name: "localizedAttributes", method: "PUT" },
  "facet-search": { name: "facetSearch", method: "PUT" },
  "prefix-search": { name: "prefixSearch", method: "PUT" },
};

/** A change of settings: what is left out stays, null puts the default back. */
export type SettingsChange = Record<string, unknown>;

export function defaultSettings(): Settings {
  return {
    displayedAttributes: ["*"],
    searchableAttributes: ["*"],
    filterableAttributes: [],
    sortableAttributes: [],
    rankingRules: ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
    stopWords: [],
    nonSeparatorTokens: [],
    separatorTokens: [],
    dictionary: [],
    synonyms: {},
    distinctAttribute: null,
    proximityPrecision: "byWord",
    typoTolerance: {
      enabled: true,
      minWordSizeForTypos: { oneTypo: 5, twoTypos: 9 },
      disableOnWords: [],
      disableOnAttributes: [],
      disableOnNumbers: false,
    },
    faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { "*": "alpha" } },
    pagination: { maxTotalHits: 1000 },
    embedders: {},
    searchCutoffMs: null,
    localizedAttributes: null,
    facetSearch: true,
    prefixSearch: "indexingTime",
  };
}

/** The change that puts every default back. */
export function resetOfAllSettings(): SettingsChange {
  return Object.fromEntries(Object.keys(Settings.shape).map((name) => [name, null]));
}

/** Refuses at the door what could never be applied, with the error code of the setting at fault. */
export function parseSettingsChange(body: unknown): SettingsChange {
  const change = z.record(z.string(), z.unknown()).safeParse(body);
  if (!change.success) throw new MeilisearchError("bad_request", "Settings are an object.");
  for (const [name, value] of Object.entries(change.data)) {
    if (!(name in Settings.shape)) throw new MeilisearchError("bad_request", `Unknown field \`${name}\`.`);
    if (value !== null) refuseInvalid(name, applySettings(defaultSettings(), { [name]: value }));
  }
  return change.data;
}

/** The settings after a change that `parseSettingsChange` let through. */
export function changeSettings(current: Settings, change: SettingsChange): Settings {
  const changed = Settings.parse(applySettings(current, change));
  for (const name of SORTED) sortNames(changed, name);
  return changed;
}

/** Patterns of the attributes that filters, facets and `distinct` may name. */
export function filterablePatterns(settings: Settings): string[] {
  return settings.filterableAttributes.flatMap((attribute) =>
    typeof attribute === "string" ? [attribute] : attribute.attributePatterns,
  );
}

function applySettings(current: Settings, change: SettingsChange): Record<string, unknown> {
  const defaults: Record<string, unknown> = defaultSettings();
  const next: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) next[name] = defaults[name];
    else next[name] = MERGED.has(name) ? merge(next[name], value, defaults[name]) : value;
  }
  return next;
}

function merge(current: unknown, change: unknown, defaults: unknown): unknown {
  if (!isObject(change) || !isObject(current)) return change;
  const merged = { ...current };
  for (const [name, value] of Object.entries(change)) {
    const standard = isObject(defaults) ? defaults[name] : undefined;
    if (value !== null) merged[name] = merge(current[name], value, standard);
    else if (standard === undefined) delete merged[name];
    else merged[name] = standard;
  }
  return merged;
}

function refuseInvalid(name: string, settings: Record<string, unknown>): void {
  const parsed = Settings.safeParse(settings);
  if (parsed.success) return;
  const code = `invalid_settings_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
  const issue = parsed.error.issues[0];
  throw new MeilisearchError(code, `Invalid value at \`.${issue?.path.join(".")}\`: ${issue?.message}`);
}

function sortNames(settings: Settings, name: (typeof SORTED)[number]): void {
  const names: string[] = [];
  for (const each of settings[name]) if (typeof each === "string") names.push(each);
  if (names.length < settings[name].length) return;
  Object.assign(settings, { [name]: [...new Set(names)].sort(compareStrings) });
}
