import type { SearchParameters } from "../search-parameters.ts";
import { type Document, isCovered, pickAttributes } from "./attribute-path.ts";
import type { Found } from "./find.ts";
import { formatDocument, matchPositions } from "./format.ts";
import { type RankingRule, rankingScores } from "./ranking.ts";
import type { SearchIndex } from "./search-index.ts";

type HitContext = {
  index: SearchIndex;
  parameters: SearchParameters;
  found: Found;
  shown: readonly number[];
  load: (id: string) => Document | undefined;
};

/** The hits as they go over the wire. A document that was deleted while the search waited for its index is left out. */
export function presentHits({ load, ...context }: HitContext): Document[] {
  const { index, parameters, found, shown } = context;
  const scoreOf = parameters.showRankingScore
    ? rankingScores(Uint32Array.from(shown), found.rules)
    : undefined;
  const detailsOf = parameters.showRankingScoreDetails
    ? scoreDetails(Uint32Array.from(shown), found.rules)
    : undefined;
  return shown.flatMap((document) => {
    const stored = load(index.idOf(document));
    if (stored === undefined) return [];
    const hit = presentDocument(stored, context);
    if (scoreOf !== undefined) hit["_rankingScore"] = scoreOf(document);
    if (detailsOf !== undefined) hit["_rankingScoreDetails"] = detailsOf(document);
    return [hit];
  });
}

function presentDocument(stored: Document, { index, parameters, found }: Omit<HitContext, "load">): Document {
  const { displayedAttributes, searchableAttributes } = index.settings;
  const displayed = pickAttributes(stored, displayedAttributes);
  const hit: Document = { ...pickAttributes(displayed, parameters.attributesToRetrieve ?? ["*"]) };
  if (parameters.attributesToHighlight?.length || parameters.attributesToCrop?.length) {
    hit["_formatted"] = formatDocument(displayed, parameters, found.highlights);
  }
  if (parameters.showMatchesPosition) {
    const isSearchable = (path: string) => isCovered(searchableAttributes, path);
    hit["_matchesPosition"] = matchPositions(displayed, isSearchable, found.highlights);
  }
  return hit;
}

function scoreDetails(
  documents: Uint32Array,
  rules: readonly RankingRule[],
): (document: number) => Record<string, unknown> {
  const scorings = rules.map(({ name, score }, order) => ({ name, order, scoreOf: score?.(documents) }));
  return (document) =>
    Object.fromEntries(
      scorings.map(({ name, order, scoreOf }) => {
        const scored = scoreOf?.(document);
        return [name, scored === undefined ? { order } : { order, score: scored.rank / scored.rankMax }];
      }),
    );
}
