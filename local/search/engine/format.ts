import type { SearchParameters } from "../search-parameters.ts";
import { type Document, isCovered, isObject, pickAttributes } from "./attribute-path.ts";
import { type Token, tokenize } from "./tokenizer.ts";

/** How many letters of a word of the document matched some term of the query, if any did. */
export type Highlights = (word: string) => number | undefined;

export type MatchPosition = { start: number; length: number; indices?: number[] };

const CROP_LENGTH_WORDS = 10;

type Style = {
  isHighlighted: (path: string) => boolean;
  /** Words to keep of the attribute's text; 0 keeps all. */
  cropLength: (path: string) => number;
  preTag: string;
  postTag: string;
  cropMarker: string;
};

/** The `_formatted` copy of a hit: matches between tags, long texts cut around them, scalars as text. */
export function formatDocument(
  document: Document,
  parameters: SearchParameters,
  highlights: Highlights,
): Document {
  const highlighted = parameters.attributesToHighlight ?? [];
  const crops = (parameters.attributesToCrop ?? []).map((text) => {
    const [pattern = text, length] = text.split(":");
    return { pattern, length: length === undefined ? undefined : Number(length) };
  });
  const style: Style = {
    isHighlighted: (path) => isCovered(highlighted, path),
    cropLength: (path) => {
      const crop = crops.find(({ pattern }) => isCovered([pattern], path));
      return crop === undefined ? 0 : (crop.length ?? parameters.cropLength ?? CROP_LENGTH_WORDS);
    },
    preTag: parameters.highlightPreTag ?? "<em>",
    postTag: parameters.highlightPostTag ?? "</em>",
    cropMarker: parameters.cropMarker ?? "…",
  };
  const retrieved = parameters.attributesToRetrieve ?? ["*"];
  const shown = [...retrieved, ...highlighted, ...crops.map(({ pattern }) => pattern)];
  const kept = pickAttributes(document, retrieved.includes("*") ? retrieved : shown);
  return Object.fromEntries(
    Object.entries(kept).map(([name, value]) => [name, formatValue(value, name, { style, highlights })]),
  );
}

/** Where the matches are in each searchable attribute, in UTF-8 bytes, as Meilisearch counts. */
export function matchPositions(
  document: Document,
  isSearchable: (path: string) => boolean,
  highlights: Highlights,
): Record<string, MatchPosition[]> {
  const positions: Record<string, MatchPosition[]> = {};
  const visit = (value: unknown, path: string, indices: number[]): void => {
    if (Array.isArray(value)) {
      value.forEach((element: unknown, index) => visit(element, path, [...indices, index]));
    } else if (isObject(value)) {
      for (const [name, child] of Object.entries(value))
        visit(child, path === "" ? name : `${path}.${name}`, indices);
    } else if ((typeof value === "string" || typeof value === "number") && isSearchable(path)) {
      const found = positionsIn(String(value), highlights).map((position) =>
        indices.length === 0 ? position : { ...position, indices },
      );
      if (found.length > 0) positions[path] = [...(positions[path] ?? []), ...found];
    }
  };
  visit(document, "", []);
  return positions;
}

function positionsIn(text: string, highlights: Highlights): MatchPosition[] {
  return tokenize(text).flatMap((token) => {
    const letters = matchedLetters(token, highlights);
    if (letters === 0) return [];
    return [
      {
        start: Buffer.byteLength(text.slice(0, token.start)),
        length: Buffer.byteLength(text.slice(token.start, token.start + letters)),
      },
    ];
  });
}

function formatValue(value: unknown, path: string, how: { style: Style; highlights: Highlights }): unknown {
  if (Array.isArray(value)) return value.map((element: unknown) => formatValue(element, path, how));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, formatValue(child, `${path}.${name}`, how)]),
    );
  }
  if (typeof value !== "string" && typeof value !== "number") return value;
  return formatText(String(value), path, how);
}

function formatText(
  text: string,
  path: string,
  { style, highlights }: { style: Style; highlights: Highlights },
): string {
  const tokens = tokenize(text);
  const window = cropWindow(tokens, style.cropLength(path), highlights);
  const from = window.first === 0 ? 0 : (tokens[window.first]?.start ?? 0);
  const to = window.last >= tokens.length - 1 ? text.length : (tokens[window.last]?.end ?? text.length);
  let formatted = window.first > 0 ? style.cropMarker : "";
  let written = from;
  for (const token of style.isHighlighted(path) ? tokens.slice(window.first, window.last + 1) : []) {
    const letters = matchedLetters(token, highlights);
    if (letters === 0) continue;
    const end = token.start + letters;
    formatted += `${text.slice(written, token.start)}${style.preTag}${text.slice(token.start, end)}${style.postTag}`;
    written = end;
  }
  return formatted + text.slice(written, to) + (window.last < tokens.length - 1 ? style.cropMarker : "");
}

/** The first run of `length` words with the most matches. */
function cropWindow(
  tokens: readonly Token[],
  length: number,
  highlights: Highlights,
): { first: number; last: number } {
  const last = tokens.length - 1;
  if (length === 0 || tokens.length <= length) return { first: 0, last };
  const isMatch = tokens.map((token) => (matchedLetters(token, highlights) > 0 ? 1 : 0));
  let matches = isMatch.slice(0, length).reduce<number>((sum, match) => sum + match, 0);
  let best = { first: 0, matches };
  for (let first = 1; first + length <= tokens.length; first += 1) {
    matches += (isMatch[first + length - 1] ?? 0) - (isMatch[first - 1] ?? 0);
    if (matches > best.matches) best = { first, matches };
  }
  return { first: best.first, last: best.first + length - 1 };
}

function matchedLetters(token: Token, highlights: Highlights): number {
  const letters = highlights(token.word);
  if (letters === undefined) return 0;
  return letters === token.word.length ? token.end - token.start : letters;
}
