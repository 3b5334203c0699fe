import { tokenize } from "./tokenizer.ts";

/** One thing that a document should hold: a word, perhaps half typed, or a phrase in quotes. */
export type QueryTerm =
  | { kind: "word"; word: string; isPrefix: boolean }
  | { kind: "phrase"; words: string[] };

export type Query = { terms: QueryTerm[]; excluded: QueryTerm[] };

/** Meilisearch reads no further than the tenth word. */
const TERMS_MAX = 10;

/** Cut before parsing: a query is typed by a person. */
const QUERY_LENGTH_MAX = 2000;

const PART = /(-?)"([^"]*)"?|(\S+)/g;

type ParseOptions = { stopWords: ReadonlySet<string>; prefixSearch: boolean };

/** Words, "phrases" and -exclusions. The last word may be a beginning, unless a space or a quote ends it. */
export function parseQuery(text: string, { stopWords, prefixSearch }: ParseOptions): Query {
  const query: Query = { terms: [], excluded: [] };
  const shortened = text.slice(0, QUERY_LENGTH_MAX);
  for (const [, minus, phrase, run] of shortened.matchAll(PART)) {
    if (phrase !== undefined) {
      const words = tokenize(phrase).map(({ word }) => word);
      if (words.length > 0) (minus === "-" ? query.excluded : query.terms).push({ kind: "phrase", words });
    } else if (run !== undefined) {
      const isExcluded = run.startsWith("-");
      for (const { word } of tokenize(run)) {
        if (!stopWords.has(word)) {
          (isExcluded ? query.excluded : query.terms).push({ kind: "word", word, isPrefix: false });
        }
      }
    }
  }
  query.terms.length = Math.min(query.terms.length, TERMS_MAX);
  const last = query.terms.at(-1);
  if (last?.kind === "word" && prefixSearch && !/[\s"]$/.test(shortened)) last.isPrefix = true;
  return query;
}
